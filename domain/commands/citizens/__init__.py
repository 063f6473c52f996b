"""Commands of citizens, and of the desk on their behalf."""
