"""Triage that learns: training, evaluation, and the model in use."""
