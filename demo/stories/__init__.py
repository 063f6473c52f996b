"""The story of each city: a demonstration of its pack, played through the API."""
