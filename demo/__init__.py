"""The demonstration: a whole system for a minute, and people who use it."""
