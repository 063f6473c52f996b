"""The HTTP API: REST and pages."""
