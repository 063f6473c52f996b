"""The places that an installation lists for everybody."""
