"""Learned models: their files, and which of them is in use."""
