"""Figures, points and rankings, computed from the record."""
