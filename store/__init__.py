"""The storage: tables, migrations, queries, archived packs, the vault for personal data."""
