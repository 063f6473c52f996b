"""The directory of places: what is nearby, and whether it is open."""
