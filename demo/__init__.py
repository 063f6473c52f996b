"""The demonstration: a temporary system, and simulated people who use it."""
