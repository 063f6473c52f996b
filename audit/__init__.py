"""Audit: timeline, replay, comparison of history and record."""
