"""Likeness of complaints, and the topics (共性问题) that many citizens complain about."""
