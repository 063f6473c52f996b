"""Counters of the application, served at /metrics."""

from prometheus_client import CollectorRegistry, Counter

REGISTRY = CollectorRegistry()

complaints = Counter(
    "jiesu_complaints",
    "Complaints filed, by what became of them: accepted, repeated or spooled.",
    ["city", "outcome"],
    registry=REGISTRY,
)
