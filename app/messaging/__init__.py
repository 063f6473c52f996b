"""Messages to people: what was told outside the house, sending anew, tests, and choices."""
