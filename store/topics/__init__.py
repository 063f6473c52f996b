"""Topics (共性问题): what is kept of complaints to compare them, and the topics that grow."""
