"""Infrastructure: settings, logging, the engine's client and its names."""
