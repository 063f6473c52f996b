"""The database: engine, tables, migrations, errors."""
