"""Open311 GeoReport v2 over HTTP, in XML and JSON."""
