"""The metadata of all tables: a module of tables that nobody imports would be unknown to it."""

from store.db import (
    agent_tables,
    assessment_tables,
    booking_tables,
    council_tables,
    directory_tables,
    grid_tables,
    handover_tables,
    hearing_tables,
    import_tables,
    incident_tables,
    mediation_tables,
    message_tables,
    model_tables,
    patrol_tables,
    promise_tables,
    report_tables,
    reward_tables,
    sensor_tables,
    setback_tables,
    supervision_tables,
    topic_tables,
    webhook_tables,
)
from store.db.tables import Base

MODULES = (
    agent_tables,
    assessment_tables,
    booking_tables,
    council_tables,
    directory_tables,
    grid_tables,
    handover_tables,
    incident_tables,
    import_tables,
    mediation_tables,
    message_tables,
    model_tables,
    patrol_tables,
    promise_tables,
    report_tables,
    reward_tables,
    sensor_tables,
    setback_tables,
    hearing_tables,
    supervision_tables,
    topic_tables,
    webhook_tables,
)

metadata = Base.metadata
