"""The door: REST and pages."""
