"""Events out: the changes of tickets for other systems, and their subscriptions."""
