"""What may be asked of a ticket over HTTP: one row per command."""
