"""The pages of grid workers (网格员), and of the streets that they work for."""
