"""The domain's terms and rules: Pydantic models and pure functions. No I/O, no Temporal."""
