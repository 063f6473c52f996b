"""The metadata of all tables: a module of tables that nobody imports would be unknown to it."""

from importlib import import_module
from pkgutil import iter_modules

from store import db
from store.db.tables import Base

MODULES = [
    import_module(f"store.db.{module.name}")
    for module in iter_modules(db.__path__)
    if module.name.endswith("_tables") and module.name != __name__.rpartition(".")[2]
]
"""All modules of tables, found by their names."""

metadata = Base.metadata
