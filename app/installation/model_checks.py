"""Findings on the learned models of triage: which is in use, and how its suggestions fared."""

from datetime import datetime, timedelta

from app.installation.findings import Finding, Part
from domain.insight.model import BadModel
from domain.pack.triage import Learned
from domain.words import N_, phrase
from packs.registry import PackError, PackRegistry
from store.db.engine import Store
from store.learning.models import UnknownModel, in_use, load
from store.learning.past import fared

_MONTH = timedelta(days=30)


async def models_of(store: Store, packs: PackRegistry, now: datetime) -> list[Finding]:
    """Return a finding for each city whose triage learns, or whose record names a model.

    Raises:
        StoreUnavailable
    """
    findings = []
    for city in packs.ids():
        try:
            pack = packs.get(city)
        except PackError:
            continue
        change = await in_use(store, city)
        version = change.version if change is not None else None
        if version is not None:
            findings.append(await _of(store, city, version, pack.triage.learned, now))
        elif pack.triage.learned is not Learned.OFF:
            says = phrase(N_("the pack wants a learned model, and none is in use"))
            findings.append(Finding(Part.TRIAGE, "note", says, city))
    return findings


async def _of(store: Store, city: str, version: str, learned: Learned, now: datetime) -> Finding:
    try:
        await load(store, city, version)
    except (BadModel, UnknownModel) as error:
        message = N_("model %(model)s cannot be used (%(code)s): the rules decide alone")
        says = phrase(message, model=version, code=error.code)
        return Finding(Part.TRIAGE, "wrong", says, city)
    if learned is Learned.OFF:
        says = phrase(N_("model %(model)s is in use, and the pack says off"), model=version)
        return Finding(Part.TRIAGE, "note", says, city)
    told = await fared(store, city, version, now - _MONTH)
    message = N_(
        "model %(model)s (%(mode)s): in 30 days right in %(right)s of %(all)s tickets that "
        "people have decided since, in %(sure_right)s of the %(sure)s it was sure of"
    )
    says = phrase(
        message,
        model=version,
        mode=learned.value,
        right=str(told.right),
        all=str(told.suggested),
        sure_right=str(told.sure_right),
        sure=str(told.sure),
    )
    return Finding(Part.TRIAGE, "ok", says, city)
