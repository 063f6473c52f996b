"""Events out: changes in one order for all readers, subscriptions, and what they are sent."""
