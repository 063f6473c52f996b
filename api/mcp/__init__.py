"""The door for machines: tools, resources and prompts of the Model Context Protocol."""
