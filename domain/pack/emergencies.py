"""Words of an emergency in their context: only a danger that is there now is one.

Most messages with the word "fire" are about fire lanes, fire safety, the fire of last year or the
fire that might break out. A word counts where nothing in its clause makes it one of those.
"""

import re
from collections.abc import Iterator

_CLAUSE = re.compile(r"[,.;:!?，。；：！？、\n\r]+|(?<=[\u4e00-\u9fff])\s+(?=[\u4e00-\u9fff])")
_PAST = (
    "去年|前年|上个月|上月|上周|上星期|上个星期|前几天|前两天|前段时间|之前|以前|此前|曾经|曾发生|曾|"
    "发生过|历经|经历过|当时|那次|那年|早几年|几年前|多年前|年前|个月前|周前|天前|已经扑灭|已扑灭|扑灭|"
    "已灭|灭了|已修复|已处理|已经处理|已解决|昨年|先前|每年|多次发生|屡次|过火灾|过火情"
)
_MAYBE = (
    "一旦|万一|如果|假如|倘若|要是|若是|若|假设|怕|担心|担忧|害怕|恐怕|防止|预防|以防|避免|杜绝|谨防|"
    "可能|容易|极易|易发|引发|引起|造成|导致|隐患|风险|难道|会不会|是不是|是否|岂不|等到|潜在|"
    "有朝一日|迟早|早晚会|将会|还未|演练|演习|宣传|知识|培训|讲座|咨询|请问|怎么预防|如何"
)
_NOT = "没有发生|未发生|没发生|不是|并非|并没有|无人|没着|没有着|未着|不会|不再|误报|虚惊"
_NAMES = (
    "消防通道|消防车道|消防安全|消防设施|消防知识|消防验收|消防栓|火灾险|火灾保险|火警电话|"
    "燃气公司|燃气费|燃气管道安装|燃气开户|燃气表|传染病医院|防火"
)
_AWAY = re.compile(f"{_PAST}|{_MAYBE}|{_NOT}|{_NAMES}")
_NOW = re.compile(
    "正在|现在|此刻|目前|刚刚|刚才|马上|快来|救命|救人|还在|仍在|赶紧|快点|着着火|今天|今早|今晚|"
    "今日|今晨|昨晚至今|一直在"
)
_YEAR = re.compile(r"(?:19|20)\d\d年|\d{1,2}月\d{1,2}(?:日|号)")


def clauses(text: str) -> Iterator[str]:
    """Return the clauses of a canonical text."""
    return (part for part in _CLAUSE.split(text) if part)


def happens(text: str, word: str) -> bool:
    """Return whether a word of an emergency stands in `text` for a danger that is there now.

    Both are canonical. What a clause says of the past, as a possibility, in the negative or as
    part of a name is none, unless the same clause says that it goes on.
    """
    return any(word in clause and _is_now(clause, word) for clause in clauses(text))


def _is_now(clause: str, word: str) -> bool:
    rest = clause.replace(word, "＊")
    away = _AWAY.search(rest) or _YEAR.search(rest)
    return away is None or (_NOW.search(rest) is not None and not re.search(_MAYBE, rest))
