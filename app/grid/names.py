"""Names in diaries. A diary is never published; what names somebody is marked, and not copied.

A name cannot be told from other words for certain. What is found here are phones, flats and the
like, and names that are said with a title: 王阿姨, 李建国师傅.
"""

import re

from app.tickets.redaction import redacted

RUN = 12
"""Characters in a row that are a copy."""

_FAMILY = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈"
    "姚卢姜崔钟谭陆汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤"
)
_TITLE = (
    "先生|女士|小姐|同志|师傅|老师|医生|阿姨|叔叔|伯伯|大爷|大妈|大娘|大叔|大婶|大姐|大哥|奶奶|爷爷|老太|老伯"
    "|老人|婆婆|主任|书记|经理|老板|家的"
)
_NAMED = re.compile(
    rf"[{_FAMILY}][\u4e00-\u9fff]{{0,2}}?(?:{_TITLE})|[小老][{_FAMILY}](?![\u4e00-\u9fff]?[区街路村])"
)
_BLANK = re.compile(r"\s+")


def names_in(text: str) -> set[str]:
    """Return the names with a title in a text."""
    return {match[0] for match in _NAMED.finditer(text)}


def names_somebody(text: str) -> bool:
    """Return whether a text says who somebody is, as far as that can be found."""
    return bool(names_in(text)) or redacted(text) != text


def copies(text: str, entry: str) -> bool:
    """Return whether a text repeats a diary entry: one of its names, or its words in a row."""
    if any(name in text for name in names_in(entry)):
        return True
    plain, other = _BLANK.sub("", text), _BLANK.sub("", entry)
    runs = (other[at : at + RUN] for at in range(len(other) - RUN + 1))
    return any(run in plain for run in runs)
