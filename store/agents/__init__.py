"""What people decide about machines: requests for a person, and drafts of replies."""
