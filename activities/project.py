"""Projection: write events and state into the store, where they can be queried."""

from temporalio import activity

from domain.activity_io import Projection
from store.tickets.projector import Projector


class Project:
    def __init__(self, projector: Projector) -> None:
        self._projector = projector

    @activity.defn(name="project")
    async def project(self, projection: Projection) -> None:
        """Write events and state. Idempotent: a repeated or late call changes nothing newer."""
        await self._projector.project(projection)
