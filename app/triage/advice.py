"""The suggestion of a learned model for a ticket, with the words that spoke for it."""

from dataclasses import dataclass

from app.context import AppContext
from domain.insight.explain import telling_words
from domain.insight.suggestion import LearnedSuggestion
from domain.ticket.ticket import Ticket
from store.db.errors import StoreUnavailable


@dataclass(frozen=True, slots=True)
class LearnedAdvice:
    """The recorded suggestion, and its words. These are worked out from the text each time, and
    only by the model that suggested: [] once another one is in use."""

    suggestion: LearnedSuggestion
    words: list[str]
    kind_words: list[str]


async def learned_advice(
    context: AppContext, ticket: Ticket, suggestion: LearnedSuggestion | None
) -> LearnedAdvice | None:
    """Return a suggestion for a reader who may read the ticket; None without one."""
    if suggestion is None:
        return None
    try:
        model = await context.models.of(ticket.complaint.city)
    except StoreUnavailable:  # the suggestion itself is in the event
        model = None
    known = model is not None and model.version == suggestion.model
    if model is None or not known or suggestion.category not in model.head.categories:
        return LearnedAdvice(suggestion, [], [])
    complaint = ticket.complaint
    words = telling_words(model, suggestion.category, complaint.title, complaint.text)
    kinds, kind = model.kinds, suggestion.kind
    told = (
        telling_words(kinds, kind, complaint.title, complaint.text)
        if kinds is not None and kind in kinds.head.categories
        else []
    )
    return LearnedAdvice(suggestion, words, told)
