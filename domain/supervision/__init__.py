"""Supervision lists: what has to be rectified by when, and whether it held."""
