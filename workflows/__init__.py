"""Deterministic workflows: the ticket's, and the scheduled ones of maintenance."""
