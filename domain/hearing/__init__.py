"""Public hearings (汇报会): units answer for selected tickets in front of residents."""
