"""The pages of people who work here: one module for each thing they do."""
