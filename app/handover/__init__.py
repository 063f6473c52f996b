"""Hand-overs: what staff, citizens and the other city do."""
