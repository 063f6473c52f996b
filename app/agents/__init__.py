"""What machines (agents) read and do, without personal data, and what people decide about it."""
