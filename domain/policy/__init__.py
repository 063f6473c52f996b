"""Policies of a ticket: permitted facts, permissions and consequences."""
