"""Open311 GeoReport v2: the door for public clients, without HTTP."""
