"""Uploads: from the bytes that come in to a file that is safe to keep and to hand out again."""
