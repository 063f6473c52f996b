"""The `jiesu` command-line interface."""
