"""Models of how long customers stay and what they will buy: pure maths on numpy and scipy.

`purchases` says who is still a customer and how often they will order (MBG/NBD, BG/NBD), `spend`
how much an order of theirs is worth (Gamma-Gamma), `contracts` how long subscribers renew (sBG),
`learning` fits what a shop needs of them, `forecast` looks ahead, and `intervals` say how far off
that may be. Everything is fitted on
grouped histories: customers with equal figures are one row with a count, so that the cost is that
of the distinct rows. No Dagster and no SQL in here.
"""
