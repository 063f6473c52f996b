"""Hand-overs of tickets between installations of two cities."""
