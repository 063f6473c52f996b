"""Words of an emergency in their context: only a danger that is there now is one.

Most messages with the word "fire" are about fire lanes, fire safety, the fire of last year or the
fire that might break out. A word counts unless its clause makes it one of those. In doubt it
counts: a false alarm costs a look, a missed one a life.
"""

import re
from collections.abc import Iterable
from functools import lru_cache

from pydantic import Field

from domain.canonical import folded
from domain.pack.policies import PackPart, Words
from domain.ticket.complaint import Code

_CLAUSE = re.compile(r"[,.;:!?，。；：！？\n\r]+")
_SENTENCE = re.compile(r"[.!?。！？\n\r]+")
_PAST = (
    "去年|前年|昨年|昨天|上个?月|上周|上个?星期|前几天|前两天|前段时间|之前|以前|此前|曾|发生过|历经|经历过|"
    "当时|那次|那年|几年前|年前|个月前|周前|天前|年底|先前|每年|每逢|每次|多次|屡次|数次|几次|经常|常常|"
    "时常|有时|频繁|案例|又一个|听说|新闻"
)
_MAYBE = (
    "一旦|万一|如果|假如|倘若|要是|若是|若|假设|怕|担心|担忧|恐|防止|预防|以防|避免|杜绝|谨防|可能|"
    "容易|极易|易发|引发|引起|造成|导致|难道|会不会|是不是|是否|岂不|等到|迟早|早晚会|将会|将|出现|演练|"
    "演习|宣传|知识|培训|讲座|咨询|请问|如何|例如|比如|诸如|^如"
)
_NOT = "没有|未发生|没发生|不是|并非|并没|没着|未着|不会|不再|误报|虚惊"
_BEFORE = re.compile(f"{_PAST}|{_MAYBE}|{_NOT}|(?:19|20)\\d\\d年|\\d月\\d{{1,2}}[日号]")
_AFTER = re.compile(
    "^.{0,3}(?:隐患|风险|的可能|怎么办|的话|知识|演练|预案|安全|保护|开关|故障|报警器|保险|过|已扑灭|扑灭|"
    "灭了|等问题|等情况|事故频)"
)
_FEARED = re.compile("一旦|万一|如果|假如|要是|若|怕|担心|担忧")
_NOW = re.compile(
    "正在|现在|此刻|刚刚|刚才|马上|快来|救命|救人|还在|仍在|今天|今早|今晚|今日|今晨|一直在|正烧"
)
_DEFECTS = re.compile("交房|收房|毛坯|精装|质量问题|质量堪忧|质量太|物业费|验收规范|减料")
"""Disputes about how a house was built: what has come off there does not fall on anybody now."""
_ON_SOMEBODY = re.compile("砸|随时|救")
_OTHER_WORDS = re.compile("着火车|水落石出")
"""Sequences in which a word of an emergency begins in one word and ends in the next."""

_canonical = lru_cache(4096)(folded)


class EmergencyRule(PackPart):
    """`[[triage.emergencies]]`: words that together tell of a danger to life that is there now.

    One of each group of `words` has to be said: in one sentence, or with `anywhere` in one
    message; the one of the first group, of a danger that is there now. `category`: what it is
    then, None if a person has to say.
    """

    code: Code
    words: tuple[tuple[Words, ...], ...] = Field(min_length=1)
    anywhere: bool = False
    category: Code | None = None

    def said_in(self, text: str) -> list[str]:
        """Return the words that make `text`, a canonical one, an emergency; [] if none do."""
        for part in [text] if self.anywhere else _SENTENCE.split(text):
            found = [_first(group, part) for group in self.words]
            if found[0] and all(found) and happens(part, found[0]):
                return [word for word in found if word]
        return []


def first_emergency(
    rules: Iterable[EmergencyRule], text: str
) -> tuple[EmergencyRule, list[str]] | None:
    """Return the first rule that makes `text`, a canonical one, an emergency, and its words."""
    for rule in rules:
        words = rule.said_in(text)
        if words:
            return rule, words
    return None


def _first(group: Iterable[str], text: str) -> str | None:
    return next((word for word in map(_canonical, group) if word in text), None)


def happens(text: str, word: str) -> bool:
    """Return whether a word of an emergency stands in `text` for a danger that is there now.

    Both are canonical. What is said before it in its clause may make it past, only possible, or
    denied; what follows may make it a name. A clause that says "now" overrules all but fear.
    """
    plain = _OTHER_WORDS.sub("＊", text)
    return any(
        _is_now(clause, word)
        for sentence in _SENTENCE.split(plain)
        if word in sentence and not _dispute(sentence)
        for clause in _CLAUSE.split(sentence)
        if word in clause
    )


def _dispute(sentence: str) -> bool:
    if not _DEFECTS.search(sentence):
        return False
    return not (_NOW.search(sentence) or _ON_SOMEBODY.search(sentence))


def _is_now(clause: str, word: str) -> bool:
    before, _, after = clause.partition(word)
    if not _FEARED.search(before) and (_NOW.search(before) or _NOW.search(after)):
        return True
    return _BEFORE.search(before) is None and _AFTER.search(after) is None
