"""The shop itself, drawn clean: people, visits, orders, and what came of them."""
