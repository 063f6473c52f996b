"""Consistency checks between the parts of a pack; each yields the problems of a parsed pack."""
