"""Commands by which several units share a ticket."""
