"""What may happen to a ticket, who may cause it, and what follows from it."""
