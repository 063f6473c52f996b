"""What the parts of a pack must be to each other. Each check yields the problems of a draft."""
