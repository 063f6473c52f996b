"""The witness: timeline, replay, comparison of history and record."""
