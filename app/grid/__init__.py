"""The acts of grid workers (网格员), of residents who sign up, and of their streets."""
