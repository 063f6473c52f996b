"""Booking of appointments: what is offered, residents' own, and the centre's day."""
