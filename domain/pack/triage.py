"""Triage by a learned model: a city's choice between none, a shadow, and one that decides."""

from enum import StrEnum

from pydantic import Field

from domain.pack.emergencies import EmergencyRule
from domain.pack.policies import PackPart


class Learned(StrEnum):
    """The part that a learned model has in triage."""

    OFF = "off"
    SHADOW = "shadow"  # it suggests beside the rules, and decides nothing
    ON = "on"  # it decides where it is sure


class TriagePolicy(PackPart):
    """`[triage]`: whether a learned model takes part, and how sure it has to be to decide alone.

    `threshold`: the least calibrated probability of its category. Without one it is the model's
    own, chosen where 97.5 % were right. `emergencies`: what no model is asked about.
    """

    learned: Learned = Learned.OFF
    threshold: float | None = Field(None, ge=0.5, le=1)
    emergencies: tuple[EmergencyRule, ...] = ()
