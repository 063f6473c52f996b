"""The action forms of a ticket: one table that defines the forms, shortcuts and commands."""
