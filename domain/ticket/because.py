"""Reasons that the system itself gives, as codes with parameters, and their words.

A fact records the code and the parameters of a reason, and every reader gets it in their own
language from the one catalogue here. A parameter is a code, a number or a text of the city's pack,
never anything a citizen or an officer wrote: it stays when a ticket is erased.
"""

from collections.abc import Callable, Iterable, Mapping
from enum import StrEnum
from typing import NamedTuple

from pydantic import Field

from domain.model import Recorded

Value = str | int | float


class Because(Recorded):
    """One reason. A newer version may give one that this version's catalogue does not have."""

    code: str = Field(description="A code of the catalogue of reasons.", examples=["keywords"])
    parameters: dict[str, Value] = Field(
        default_factory=dict,
        description="Codes, numbers and texts of the pack; never what a person wrote.",
        examples=[{"keywords": "路灯, 不亮"}],
    )


class ReasonCode(StrEnum):
    """The reasons of this version."""

    NAMED_BY_COMPLAINANT = "named_by_complainant"
    NO_KEYWORD = "no_keyword"
    KEYWORDS = "keywords"
    OTHER_KEYWORDS = "other_keywords"
    NEEDS_A_PERSON = "kept_for_a_person"
    REPORT_FOR_A_PERSON = "report_for_a_person"
    FILING_CONDITION = "filing_condition"
    EMERGENCY = "emergency"
    LEARNED = "learned"
    LEARNED_UNSURE = "learned_unsure"
    CLASSIFIED_BY_HAND = "classified_by_hand"
    ON_BORDER = "on_border"
    POINT_OUTSIDE = "point_outside"
    POINT_AGAINST_WORDS = "point_against_words"
    SEVERAL_PLACES = "several_places"
    PLACE_UNSURE = "place_unsure"
    UNIT_NAMED = "unit_named"
    RESPONSIBILITY = "responsibility"
    NOBODY_RESPONSIBLE = "nobody_responsible"
    NOBODY_RESPONSIBLE_NO_AREA = "nobody_responsible_no_area"
    UNIT_ACCUSED = "unit_accused"
    CLOSING_CONDITION = "closing_condition"
    SEVERITY = "severity"
    OVERDUE = "overdue"
    PARENT_ENDED = "parent_ended"
    PARENT_ANSWERED = "parent_answered"
    PARENT_APART = "parent_apart"
    ACCUSES = "accuses"


class ParameterKind(StrEnum):
    """The kinds of parameters. A code of the pack may be shown by its name."""

    UNIT = "unit"
    CATEGORY = "category"
    AREA = "area"
    CITY = "city"
    CLOCK = "clock"
    NUMBER = "number"
    KEYWORDS = "keywords"
    CONDITION = "condition"
    ROW = "row"


class ReasonWords(NamedTuple):
    """The parameters of a reason and its words, with a hole in braces for each parameter.

    `sentence`: the English of the field `why`, which clients read: it does not change. The other
    two are for readers.
    """

    parameters: Mapping[str, ParameterKind]
    sentence: str
    english: str
    chinese: str


CATALOGUE: Mapping[str, ReasonWords] = {
    ReasonCode.NAMED_BY_COMPLAINANT: ReasonWords(
        {},
        "named by the complainant",
        "It was filed under this subject",
        "登记时已选定该事项",
    ),
    ReasonCode.NO_KEYWORD: ReasonWords(
        {},
        "no keyword found",
        "None of the catalogue's keywords was said",
        "未提及事项目录中的关键词",
    ),
    ReasonCode.KEYWORDS: ReasonWords(
        {"keywords": ParameterKind.KEYWORDS},
        "keywords {keywords}",
        "Said: {keywords}",
        "提及：{keywords}",
    ),
    ReasonCode.OTHER_KEYWORDS: ReasonWords(
        {"category": ParameterKind.CATEGORY, "keywords": ParameterKind.KEYWORDS},
        "also {category}: {keywords}",
        "But also {category}: {keywords}",
        "也可能属于{category}：{keywords}",
    ),
    ReasonCode.NEEDS_A_PERSON: ReasonWords(
        {},
        "kept for a person",
        "The desk keeps it for a person",
        "受理员留待人工分类",
    ),
    ReasonCode.REPORT_FOR_A_PERSON: ReasonWords(
        {},
        "a report waits for a person",
        "Whom a report accuses, only a person can tell",
        "举报件须人工确认被举报单位",
    ),
    ReasonCode.FILING_CONDITION: ReasonWords(
        {"condition": ParameterKind.CONDITION},
        "the filing condition does not hold: {condition}",
        "The filing condition does not hold yet: {condition}",
        "未达立案条件：{condition}",
    ),
    ReasonCode.EMERGENCY: ReasonWords(
        {"keywords": ParameterKind.KEYWORDS},
        "may be an emergency: {keywords}",
        "It may be an emergency, look at it first. Said: {keywords}",
        "可能是紧急情况，请优先处理。提及：{keywords}",
    ),
    ReasonCode.LEARNED: ReasonWords(
        {"percent": ParameterKind.NUMBER},
        "learned from past tickets, {percent} %",
        "Past tickets that said the like were of this subject: {percent} % sure",
        "根据以往工单判断，把握 {percent}%",
    ),
    ReasonCode.LEARNED_UNSURE: ReasonWords(
        {"percent": ParameterKind.NUMBER},
        "learned from past tickets, only {percent} %",
        "Past tickets do not make it clear: {percent} % sure",
        "根据以往工单难以判断，把握仅 {percent}%",
    ),
    ReasonCode.CLASSIFIED_BY_HAND: ReasonWords(
        {},
        "chosen by hand",
        "Classified by a person",
        "人工分类",
    ),
    ReasonCode.ON_BORDER: ReasonWords(
        {"one": ParameterKind.AREA, "other": ParameterKind.AREA},
        "on the border of {one} and {other}",
        "The point lies on the border of {one} and {other}",
        "位置在{one}与{other}交界处，须人工确认",
    ),
    ReasonCode.POINT_OUTSIDE: ReasonWords(
        {},
        "the point is in no cell of the city",
        "The point lies in no grid cell of the city",
        "位置不在本市任何网格内，须人工确认",
    ),
    ReasonCode.POINT_AGAINST_WORDS: ReasonWords(
        {"there": ParameterKind.AREA, "named": ParameterKind.AREA},
        "the point is in {there}, the address in {named}",
        "The point lies in {there}, the address names {named}",
        "定位在{there}，地址写的是{named}，须人工确认",
    ),
    ReasonCode.SEVERAL_PLACES: ReasonWords(
        {"one": ParameterKind.AREA, "other": ParameterKind.AREA},
        "its words fit {one} and {other}",
        "Its words fit {one} as well as {other}",
        "所述地点可能在{one}，也可能在{other}",
    ),
    ReasonCode.PLACE_UNSURE: ReasonWords(
        {"area": ParameterKind.AREA},
        "perhaps in {area}",
        "It is perhaps in {area}, which its words do not say clearly",
        "所述地点可能在{area}，表述不够明确",
    ),
    ReasonCode.UNIT_NAMED: ReasonWords(
        {},
        "named by hand",
        "The unit was named",
        "已指定单位",
    ),
    ReasonCode.RESPONSIBILITY: ReasonWords(
        {
            "city": ParameterKind.CITY,
            "line": ParameterKind.NUMBER,
            "category": ParameterKind.ROW,
            "area": ParameterKind.ROW,
            "unit": ParameterKind.ROW,
        },
        "{city}/responsibilities.csv:{line} ({category}, {area}, {unit})",
        "Line {line} of the responsibilities of {city}: {category}, {area}, {unit}",
        "{city}职责清单第 {line} 行：{category}，{area}，{unit}",
    ),
    ReasonCode.NOBODY_RESPONSIBLE: ReasonWords(
        {
            "city": ParameterKind.CITY,
            "category": ParameterKind.CATEGORY,
            "area": ParameterKind.AREA,
        },
        "{city}/city.toml#city.fallback (nobody owns {category} in {area})",
        "Nobody in {city} answers for {category} in {area}, so the fallback unit takes it",
        "{city}职责清单未列{area}“{category}”的责任单位，由兜底单位承办",
    ),
    ReasonCode.NOBODY_RESPONSIBLE_NO_AREA: ReasonWords(
        {"city": ParameterKind.CITY, "category": ParameterKind.CATEGORY},
        "{city}/city.toml#city.fallback (nobody owns {category} in None)",
        "Nobody in {city} answers for {category} where the street is not known, "
        "so the fallback unit takes it",
        "街道不明，{city}职责清单未列“{category}”的责任单位，由兜底单位承办",
    ),
    ReasonCode.UNIT_ACCUSED: ReasonWords(
        {"unit": ParameterKind.UNIT, "accused": ParameterKind.UNIT},
        "not {unit}: the report is about {accused}",
        "Not {unit}, because the report is about {accused}",
        "举报对象为{accused}，不派{unit}",
    ),
    ReasonCode.CLOSING_CONDITION: ReasonWords(
        {"condition": ParameterKind.CONDITION},
        "{condition}",
        "The closing condition does not hold: {condition}",
        "未达结案条件：{condition}",
    ),
    ReasonCode.SEVERITY: ReasonWords(
        {"severity": ParameterKind.NUMBER},
        "severity {severity}",
        "Urged or reported often: severity {severity}",
        "催办、重复反映较多，严重程度达到 {severity} 级",
    ),
    ReasonCode.OVERDUE: ReasonWords(
        {"clock": ParameterKind.CLOCK},
        "{clock}_overdue",
        "Time ran out: {clock}",
        "{clock}超期",
    ),
    ReasonCode.PARENT_ENDED: ReasonWords(
        {},
        "parent_ended",
        "The ticket it was merged into ended without an answer",
        "主单已结束，未作答复",
    ),
    ReasonCode.PARENT_ANSWERED: ReasonWords(
        {},
        "parent_answered",
        "The ticket it was to be merged into was answered already",
        "主单已答复，不再并单",
    ),
    ReasonCode.PARENT_APART: ReasonWords(
        {},
        "parent_apart",
        "The ticket it was merged into is handled on its own from now on",
        "主单改为单独办理",
    ),
    ReasonCode.ACCUSES: ReasonWords(
        {},
        "it accuses a unit",
        "It accuses a unit, and is handled on its own",
        "涉及举报，单独办理",
    ),
}
"""Every reason that this version gives. A code and the names of its parameters never change."""

Naming = Callable[[ParameterKind, Value], str]
"""The words for a parameter, for instance the name of a unit for its code."""


def as_recorded(_kind: ParameterKind, value: Value) -> str:
    """Return a parameter as it is recorded: codes instead of names."""
    return str(value)


def because(code: ReasonCode, **parameters: Value) -> Because:
    """Return a reason of the catalogue, with exactly its parameters."""
    if parameters.keys() != CATALOGUE[code].parameters.keys():
        raise ValueError(f"{code} takes {sorted(CATALOGUE[code].parameters)}")
    return Because(code=code.value, parameters=parameters)


def sentence(reasons: Iterable[Because]) -> str:
    """Return the English of the field `why`."""
    return "; ".join(_filled(one, lambda words: words.sentence, as_recorded) for one in reasons)


def in_words(reason: Because, language: str, named: Naming = as_recorded) -> str:
    """Put a reason into words: `zh`, or English for any other language.

    One that the catalogue does not have, or not with these parameters, is shown as its code and
    its parameters.
    """
    if language == "zh":
        return _filled(reason, lambda words: words.chinese, named)
    return _filled(reason, lambda words: words.english, named)


def _filled(reason: Because, template: Callable[[ReasonWords], str], named: Naming) -> str:
    known = CATALOGUE.get(reason.code)
    if known is None or not known.parameters.keys() <= reason.parameters.keys():
        text = ", ".join(f"{name} {value}" for name, value in reason.parameters.items())
        return f"{reason.code} ({text})" if text else reason.code
    values = {name: named(kind, reason.parameters[name]) for name, kind in known.parameters.items()}
    return template(known).format(**values)
