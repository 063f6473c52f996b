"""Benchmarks of the system against the engine alone. Nothing of the product imports this."""
