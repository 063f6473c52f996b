"""How fast the house is, measured against the engine alone. Nothing of the product imports this."""
