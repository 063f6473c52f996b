"""Patrols: rounds and their proof, and unannounced checks drawn at random."""
