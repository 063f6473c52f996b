"""Incidents in the database: each one, its members, and the marks of reports."""
