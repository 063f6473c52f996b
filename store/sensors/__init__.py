"""Sensors in the store: their register, their readings, and the causes of tickets."""
