"""The story of each city: what its pack is for, played by people through the API."""
