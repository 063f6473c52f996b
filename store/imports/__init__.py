"""Complaints of other systems in the store: each with the ticket that it became."""
