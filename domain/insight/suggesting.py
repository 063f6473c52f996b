"""A learned suggestion for a complaint by a city's pack: category, tier and unit, each weighed."""

from domain.insight.model import Suggested, TriageModel
from domain.insight.suggestion import LearnedSuggestion
from domain.pack.pack import Pack
from domain.pack.routing import route
from domain.ticket.because import ReasonCode
from domain.ticket.complaint import Complaint, Kind


def suggested_by(
    model: TriageModel, pack: Pack, complaint: Complaint, area: str | None
) -> LearnedSuggestion | None:
    """Return a model's suggestion; None if the pack has none of its categories any more."""
    judged = [
        one for one in model.judge(complaint.title, complaint.text) if pack.knows(one.category)
    ]
    if not judged:
        return None
    best = judged[0]
    tier = pack.category(best.category).tier
    routing = route(pack, best.category, area, complaint.place)
    one_owner = routing.because[0].code == ReasonCode.RESPONSIBILITY
    threshold = pack.triage.threshold or model.head.threshold
    alike_tier = (o.probability for o in judged if pack.category(o.category).tier == tier)
    alike_unit = (
        o.probability
        for o in judged
        if route(pack, o.category, area, complaint.place).unit == routing.unit
    )
    kind = _kind(model, complaint)
    return LearnedSuggestion(
        model=model.version,
        category=best.category,
        probability=round(best.probability, 4),
        tier=tier,
        tier_probability=round(min(sum(alike_tier), 1.0), 4),
        unit=routing.unit,
        unit_probability=round(min(sum(alike_unit), 1.0), 4),
        one_owner=one_owner,
        threshold=round(threshold, 4),
        sure=best.probability >= threshold and one_owner,
        alike=model.alike(complaint.title, complaint.text),
        kind=Kind(kind.category) if kind else None,
        kind_probability=round(kind.probability, 4) if kind else 0.0,
    )


def _kind(model: TriageModel, complaint: Complaint) -> Suggested | None:
    """Return the likeliest kind; None without a model of kinds."""
    if model.kinds is None:
        return None
    judged = model.kinds.judge(complaint.title, complaint.text)
    return next((one for one in judged if one.category in set(Kind)), None)
