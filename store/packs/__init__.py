"""The versions of packs that the store keeps for the tickets accepted under them."""
