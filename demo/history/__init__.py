"""Simulated history: lives of tickets by the real domain code, written as the projector does."""
