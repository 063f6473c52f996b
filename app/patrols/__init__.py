"""Patrols: walking rounds, watching rivers, unannounced checks."""
