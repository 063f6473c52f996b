"""The facts of a ticket: one model per fact, with what it changes."""
