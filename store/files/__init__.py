"""Uploaded files: their records and their bytes."""
