"""The handle: the `jiesu` command."""
