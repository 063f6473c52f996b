"""The metadata of all tables: a module of tables that nobody imports would be unknown to it."""

from store.db import (
    assessment_tables,
    booking_tables,
    council_tables,
    directory_tables,
    grid_tables,
    hearing_tables,
    import_tables,
    mediation_tables,
    patrol_tables,
    promise_tables,
    report_tables,
    reward_tables,
    sensor_tables,
    setback_tables,
    supervision_tables,
)
from store.db.tables import Base

MODULES = (
    assessment_tables,
    booking_tables,
    council_tables,
    directory_tables,
    grid_tables,
    import_tables,
    mediation_tables,
    patrol_tables,
    promise_tables,
    report_tables,
    reward_tables,
    sensor_tables,
    setback_tables,
    hearing_tables,
    supervision_tables,
)

metadata = Base.metadata
