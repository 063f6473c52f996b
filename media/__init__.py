"""Uploads: receiving, examining and storing files so that they are safe to serve again."""
