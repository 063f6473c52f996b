"""Tickets that leave many at once, as files."""
