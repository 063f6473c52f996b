"""Commands on a ticket: one model per command."""
