"""The command endpoints of a ticket: one row per command."""
