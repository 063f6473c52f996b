"""The records of patrols: rounds and their proof, unannounced checks and their sheets."""
