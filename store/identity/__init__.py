"""Who signs in: accounts, sessions, tokens, passwords, phones."""
