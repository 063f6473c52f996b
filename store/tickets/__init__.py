"""Tickets in the store: intake, record, inbox, work queues, messages."""
