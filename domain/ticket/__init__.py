"""The ticket: complaint, stages, assignments, and the state that events lead to."""
