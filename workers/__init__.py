"""Worker processes, the embedded stack, the department kit."""
