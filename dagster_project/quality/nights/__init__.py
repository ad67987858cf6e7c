"""Nights that look unlike the shop's own: what each delivery brought, and what is odd about it."""
