"""The wiring: settings, logging, the engine's client and its names."""
