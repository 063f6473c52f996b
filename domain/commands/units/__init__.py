"""Commands of a unit on its own share."""
