"""The administrators' pages: people, tokens, packs, messages, calendar, backlog, engine."""
