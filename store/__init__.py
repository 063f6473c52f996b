"""The memory: tables, migrations, queries, city packs on disk, the vault for personal data."""
