"""Commands for decisions, orders, minutes and revisits."""
