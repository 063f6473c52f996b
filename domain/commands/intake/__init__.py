"""Commands of desk and dispatchers: triage, assignment, merging and conclusion."""
