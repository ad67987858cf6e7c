"""The marts of behaviour and of the CRM once more, in plain Python, from the definitions alone.

`generator` and `crm_generator` draw small shops and `exports` writes their files; `facts` and
`identity` read the same rows as the definitions say (whose, which business day, how much of it was
refunded); the others hold one function per mart that gives the rows it has to have, and none knows
the SQL. Everything is counted by sets of customers, one cell at a time, with no thought of speed.
"""
