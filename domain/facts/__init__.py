"""What can happen to a ticket: one model per fact, with what it changes."""
