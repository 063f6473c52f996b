"""Grid workers (网格员): what they send from their phones, and what they are asked to look at."""
