"""Keys, encryption, the vault of personal data, masks."""
