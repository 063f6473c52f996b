"""Deadlines: clocks with their escalation levels, limits, and working calendars."""
