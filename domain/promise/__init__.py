"""Promises (承诺): what a unit said it would do, by which day, and how that ended."""
