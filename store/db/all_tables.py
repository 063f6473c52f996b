"""The metadata of all tables: a module of tables that nobody imports would be unknown to it."""

from store.db import (
    council_tables,
    directory_tables,
    promise_tables,
    report_tables,
    reward_tables,
    setback_tables,
    stage_tables,
)
from store.db.tables import Base

MODULES = (
    council_tables,
    directory_tables,
    promise_tables,
    report_tables,
    reward_tables,
    setback_tables,
    stage_tables,
)

metadata = Base.metadata
