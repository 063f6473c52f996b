"""Sign-in: accounts, sessions, tokens, passwords, phones."""
