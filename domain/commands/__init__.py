"""What people may ask of a ticket: one model per command."""
