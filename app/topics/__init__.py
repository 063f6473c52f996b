"""Topics (共性问题): what many citizens complain about, and what supervisors do about it."""
