"""The texts of messages, of a city's templates: without the citizen's data, short, with a link."""

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, tzinfo
from string import Formatter
from typing import NamedTuple
from urllib.parse import quote

from domain.deadlines.registry import ClockName
from domain.events import Event
from domain.pack.pack import Pack, UnknownInPack
from domain.ticket.ticket import Ticket

LANGUAGES = ("zh", "en")
PUSH_LENGTH = 200
"""The most characters of a push: it is shown on a locked screen, and read on the ticket's page."""

SMS_LENGTH = 320
"""The most characters of a text message: a long answer is read on the ticket's page."""

Cover = Callable[[str], str]
"""A function that takes phones, names and the like out of a text."""

_DISCREET = {
    "zh": "您好！编号 {number} 有新进展，请凭编号和查询码在网上查看。",
    "en": "There is news of {number}. Please look online, with the number and the access code.",
}
"""The text for a report of wrongdoing: who reads it on somebody's phone learns nothing of it."""

_CODE = {
    "zh": "验证码 {code}，10 分钟内有效。请勿告诉他人，工作人员不会向您索要。",
    "en": "Your code is {code}, valid for 10 minutes. Tell it to nobody; we never ask for it.",
}
_SEVERAL = {
    "zh": "您好！您有 {count} 条新进展，涉及编号 {numbers}，请凭编号和查询码查看。",
    "en": "There is news of your requests ({count}): {numbers}. Please look with the access code.",
}
_INCIDENT = {
    "zh": "您好！您反映的编号 {number} 属于“{title}”，最新情况：\n{text}",
    "en": "There is news of “{title}”, which your request {number} is part of:\n{text}",
}
_SUBJECT = {"zh": "工单 {number} 有新进展", "en": "News of your request {number}"}
_SUBJECT_SEVERAL = {"zh": "您的工单有新进展", "en": "News of your requests"}
_LINK = {"zh": "查看：{link}", "en": "See: {link}"}
_MOMENTS = {
    "zh": "{0.year}年{0.month}月{0.day}日 {0:%H:%M}",
    "en": "{0.day} {0:%B} {0.year}, {0:%H:%M}",
}
_CLOCKS = {
    "citizen_asked": ClockName.CITIZEN,
    "citizen_warn": ClockName.CITIZEN,
    "rate_warn": ClockName.RATE,
}
_SENTENCE = re.compile(r"[^。！？!?\n]+?(?:[。！？!?]|\.(?=\s|$)|\n|$)")
_IMPERSONAL = {"number", "city", "unit", "due"}
"""The placeholders that a locked screen may show: not the title, nor anybody's words."""

_APPOINTMENTS = {"appointed", "appointment_warn"}


class Scene(NamedTuple):
    """A message's event, and the ticket as it was just after it."""

    ticket: Ticket
    event: Event


class Written(NamedTuple):
    """A message in words, by language."""

    subject: str
    texts: dict[str, str]
    link: str = ""
    thin: Mapping[str, str] = {}

    def push(self, language: str) -> str:
        """Return what a locked screen may show: the number and one sentence."""
        text = self.thin.get(language) or next(iter(self.thin.values()), self.subject)
        return text if len(text) <= PUSH_LENGTH else text[: PUSH_LENGTH - 1].rstrip() + "…"

    def sms(self, language: str) -> str:
        """Return the text message: cut where it is too long, the link always whole."""
        link = _LINK[language].format(link=self.link) if self.link else ""
        text = self.texts.get(language) or next(iter(self.texts.values()))
        room = SMS_LENGTH - len(link) - 1
        if len(text) > room:
            text = text[: room - 1].rstrip() + "…"
        return f"{text}\n{link}" if link else text


def of_ticket(
    pack: Pack, scene: Scene, template: str, public_url: str, cover: Cover
) -> Written | None:
    """Return the message of an event; None if the city has no such template.

    Raises:
        ValueError, KeyError, IndexError: the template cannot be filled in.
    """
    number = scene.ticket.complaint.number
    texts: dict[str, str] = {}
    thin: dict[str, str] = {}
    for language in LANGUAGES:
        raw = pack.messages.get(language, {}).get(template)
        if raw is None:
            continue
        if scene.ticket.of_wrongdoing:
            raw = _DISCREET[language]
        values = _values(pack, scene, template, language, cover)
        texts[language] = Formatter().vformat(raw, (), values).strip()
        thin[language] = _thin(raw, values, language)
    if not texts:
        return None
    return Written(_subject(pack, _SUBJECT, number), texts, link_to(public_url, number), thin)


def of_code(pack: Pack, code: str) -> Written:
    """Return the message with a one-time code."""
    texts = {language: _named(_CODE[language], code=code) for language in LANGUAGES}
    return Written(_subject(pack, _SUBJECT_SEVERAL, ""), texts)


def of_incident(pack: Pack, number: str, title: str, text: str, url: str, cover: Cover) -> Written:
    """Return the message of a new public statement on an incident, to one of its members."""
    values = {"number": number, "title": _line(cover(title)), "text": cover(text).strip()}
    texts = {one: Formatter().vformat(_INCIDENT[one], (), values) for one in LANGUAGES}
    thin = {language: _named(_DISCREET[language], number=number) for language in LANGUAGES}
    return Written(_subject(pack, _SUBJECT, number), texts, link_to(url, number), thin)


def of_several(pack: Pack, told: Sequence[Written], numbers: Sequence[str], url: str) -> Written:
    """Return one message in place of several."""
    shown = list(dict.fromkeys(numbers))
    texts, thin = {}, {}
    for language in LANGUAGES:
        head = _SEVERAL[language].format(
            count=len(told), numbers=("、" if language == "zh" else ", ").join(shown[:5])
        )
        rest = [one.texts[language] for one in told if language in one.texts]
        texts[language] = "\n\n".join([head, *rest])
        thin[language] = head
    link = f"{url}/follow" if url else ""
    return Written(_subject(pack, _SUBJECT_SEVERAL, ""), texts, link, thin)


def _thin(raw: str, values: Mapping[str, str], language: str) -> str:
    """Return the first sentence of a template that says something, and nothing of the complaint."""
    number = values["number"]
    for sentence in _SENTENCE.findall(raw):
        asked = {name for _, name, _, _ in Formatter().parse(sentence) if name}
        if asked and asked <= _IMPERSONAL:
            said = Formatter().vformat(sentence, (), values).strip()
            return said if number in said else f"{number}: {said}"
    return _DISCREET[language].format(number=number)


def link_to(public_url: str, number: str) -> str:
    """Return the address of the page that asks for the access code, which is never in a link."""
    return f"{public_url}/follow?number={quote(number, safe='')}" if public_url else ""


def signature(scene: Scene, template: str) -> str:
    """Return what is equal for the same words about tickets that were merged."""
    ticket, fact = scene.ticket, scene.event.fact
    root = ticket.parent or getattr(fact, "parent", None) or ticket.complaint.number
    words = getattr(fact, "text", None) or getattr(fact, "reason", None) or ""
    family = template.removesuffix("_with_parent")
    return hashlib.sha256("\0".join((root, family, words)).encode()).hexdigest()[:32]


def _values(
    pack: Pack, scene: Scene, template: str, language: str, cover: Cover
) -> Mapping[str, str]:
    ticket, fact = scene.ticket, scene.event.fact
    quoted = fact.words.quoted or hasattr(fact, "reason")
    text = (getattr(fact, "text", None) or getattr(fact, "reason", None) or "") if quoted else ""
    due = _due(scene, template)
    return {
        "number": ticket.complaint.number,
        "city": pack.city.name if language == "zh" else pack.city.name_en,
        "title": _line(cover(ticket.complaint.title)),
        "unit": _unit(pack, getattr(fact, "unit", None) or ticket.unit, language),
        "category": _category(pack, ticket.category, language),
        "due": moment(due, pack.calendar.tz, language) if due else "—",
        "text": cover(text).strip(),
    }


def _due(scene: Scene, template: str) -> datetime | None:
    ticket = scene.ticket
    if template in _APPOINTMENTS:
        return ticket.appointment
    name = _CLOCKS.get(template)
    if name is None:
        return ticket.answer_due_at
    running = next((one.due_at for one in ticket.clocks if one.name is name and one.running), None)
    if running is None and ticket.parent_pause is not None and name is ClockName.CITIZEN:
        return ticket.parent_pause.until
    return running


def moment(at: datetime, zone: tzinfo, language: str) -> str:
    """Format a moment in the city's time."""
    return _MOMENTS[language].format(at.astimezone(zone))


def _unit(pack: Pack, code: str | None, language: str) -> str:
    if code is None:
        return pack.city.name if language == "zh" else pack.city.name_en
    try:
        unit = pack.unit(code)
    except UnknownInPack:
        return code
    return unit.name if language == "zh" else unit.name_en


def _category(pack: Pack, code: str | None, language: str) -> str:
    if code is None or not pack.knows(code):
        return code or "—"
    category = pack.category(code)
    return category.name if language == "zh" else category.name_en


def _subject(pack: Pack, words: Mapping[str, str], number: str) -> str:
    both = " / ".join(words[language].format(number=number) for language in LANGUAGES)
    return _line(f"【{pack.city.name}】{both}")


def _line(text: str) -> str:
    """Return the text on one line, so that it can stand in a header."""
    return " ".join(text.split())


def _named(text: str, **values: str) -> str:
    return text.format(**values)
