"""The promise: the ticket's workflow and the few scheduled ones; deterministic."""
