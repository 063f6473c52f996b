"""The staff: worker processes, the embedded stack, the department kit."""
