"""The metadata of all tables: a module of tables that nobody imports would be unknown to it."""

from store.db import (
    council_tables,
    directory_tables,
    reward_tables,
    sensor_tables,
    setback_tables,
)
from store.db.tables import Base

MODULES = (council_tables, directory_tables, reward_tables, sensor_tables, setback_tables)

metadata = Base.metadata
