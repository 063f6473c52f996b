"""The staff pages, one module for each task."""
