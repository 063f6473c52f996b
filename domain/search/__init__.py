"""The search of tickets: the terms that texts are found by, the texts, and what was asked for."""
