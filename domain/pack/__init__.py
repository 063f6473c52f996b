"""A city's rules as data: categories, units, policies, routing, and the plans made by them."""
