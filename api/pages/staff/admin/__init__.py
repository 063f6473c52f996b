"""The pages of administrators: people, tokens, packs, messages, calendar, what waits, engine."""
