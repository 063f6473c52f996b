"""The rules of sensors: what their readings say, whatever the order in which they come."""
