"""Rewards: the points ledger, grants, wallets, prizes, and signs of abuse."""
