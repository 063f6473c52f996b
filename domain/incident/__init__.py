"""Incidents: what one is, which reports belong to it, and when one is proposed."""
