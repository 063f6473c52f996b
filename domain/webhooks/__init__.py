"""Events out: what other systems are told of a ticket's events."""
