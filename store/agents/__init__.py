"""Decisions of people about machines: requests for a person, and drafts of replies."""
