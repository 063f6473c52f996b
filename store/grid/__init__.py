"""Grid workers: who they are, what they sent, their diaries, and what they were asked to verify."""
