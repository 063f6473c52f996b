"""The metadata of all tables: a module of tables that nobody imports would be unknown to it."""

from store.db import (
    booking_tables,
    council_tables,
    directory_tables,
    mediation_tables,
    reward_tables,
    setback_tables,
)
from store.db.tables import Base

MODULES = (
    booking_tables,
    council_tables,
    directory_tables,
    mediation_tables,
    reward_tables,
    setback_tables,
)

metadata = Base.metadata
