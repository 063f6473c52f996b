"""Reading and acting of machines (agents), without personal data, and people's decisions on it."""
