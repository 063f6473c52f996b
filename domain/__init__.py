"""The language and the rules: Pydantic models and pure functions. No I/O, no Temporal."""
