"""Figures, points and rankings read from the record."""
