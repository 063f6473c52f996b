"""What can be done to a ticket: one table of deeds, and from it the forms, the keys, the doing."""
