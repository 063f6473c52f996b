"""The covering of texts for machines: nothing that identifies a person goes to them.

Free text is covered as published text is (`app.tickets.redaction`), and more: the names, phones and
addresses of those who complained, as the vault has them, and people who are named with a title
("王女士", "李师傅"). A name that stands in a text without any of these is not told from a word.
"""

import re
from collections.abc import Iterable, Sequence

from app.context import AppContext
from app.tickets.redaction import REDACTED, redacted
from domain.canonical import folded, substituted
from store.secrets.vault import Person
from store.tickets import intake

_SURNAMES = (
    "欧阳|上官|司马|诸葛|东方|皇甫|尉迟|慕容|令狐|司徒|"
    "[赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许何吕施张孔曹严华金魏陶姜戚谢邹喻柏水窦章云苏潘葛奚范彭郎鲁韦昌"
    "马苗凤花方俞任袁柳鲍史唐费廉岑薛雷贺倪汤滕殷罗毕郝邬安常乐于时傅皮卞齐康伍余元卜顾孟平黄和穆萧尹姚邵湛汪"
    "祁毛禹狄米贝明臧计伏成戴谈宋茅庞熊纪舒屈项祝董梁杜阮蓝闵席季麻强贾路娄危江童颜郭梅盛林刁钟徐邱骆高夏蔡田"
    "樊胡凌霍虞万支柯管卢莫房裘缪干解应宗丁宣邓单杭洪包左石崔吉龚程邢裴陆荣翁荀羊惠曲封储段焦巴谷车侯全班仰秋仲"
    "伊宫宁仇栾甘厉祖武符刘景詹束龙叶白蒲台鄂索籍赖卓蔺屠蒙池乔阴胥能苍双闻党翟谭贡劳申扶堵冉宰雍桑桂牛寿通边扈"
    "燕冀浦尚农温别庄晏柴瞿阎充慕连茹习艾鱼容向古易慎戈廖庾终暨居衡步都耿满弘匡国文寇广禄阙东殴沃利蔚越夔隆师巩厍"
    "聂晁勾敖融冷訾辛阚那简饶曾沙养鞠须丰关蒯相查后荆游竺权逯盖益桓公]"
)
_TITLES = "先生|女士|小姐|太太|师傅|大爷|大妈|大姐|大哥|阿姨|叔叔|奶奶|爷爷|同志"
_POSTS = ("业主", "户主", "租客", "租户", "住户", "邻居", "房东", "联系人", "当事人", "来电人")
_AFTER_POST = "|".join(f"(?<={post})" for post in _POSTS)

_NAMED = re.compile(
    rf"""
    (?:{_SURNAMES})[\u4e00-\u9fff\d]{{0,2}}?(?:{_TITLES})
    | (?:{_AFTER_POST})
        [\s:是叫为]{{0,2}}(?:{_SURNAMES})[\u4e00-\u9fff\d]{{1,2}}?(?=[，,。；;：:、\s(]|\d|电话|手机|$)
    """,
    re.VERBOSE,
)
_LEAST = 2
"""A name or an address of fewer characters is in every other text."""


class Cover:
    """The covering of the texts of tickets, for those whose data it knows."""

    def __init__(self, persons: Iterable[Person] = ()) -> None:
        known = {one for person in persons for one in _data_of(person) if len(one) >= _LEAST}
        # The longest first: an address may hold a name.
        ordered = sorted(known, key=len, reverse=True)
        alternatives = "|".join(r"[\s\-·.]*".join(map(re.escape, one)) for one in ordered)
        self._known = re.compile(alternatives, re.IGNORECASE) if ordered else None

    def __call__(self, text: str) -> str:
        """Return `text` without what identifies a person."""
        if self._known is not None:  # first: what is covered in part would not be known any more
            text = substituted(text, self._known, lambda _: REDACTED)
        return substituted(redacted(text), _NAMED, lambda _: REDACTED)


def _data_of(person: Person) -> Iterable[str]:
    """Yield a person's data in the form in which texts are searched."""
    for value in (person.name, person.phone, person.email, person.address, person.device):
        if value:
            yield _searchable(value)
    if person.phone:
        yield person.phone[-11:]
        yield person.phone[-8:]  # a number is also said without its beginning


def _searchable(text: str) -> str:
    plain: list[str] = []

    def keep(match: re.Match[str]) -> str:
        plain.append(match[0])
        return ""

    substituted(folded(text), re.compile(r"[^\s\-·.]"), keep)
    return "".join(plain)


async def cover_for(context: AppContext, persons: Sequence[str | None]) -> Cover:
    """Return the covering that knows these people, by their ids in the vault.

    Raises:
        BadKey: the vault does not open: nothing is shown then.
    """
    ids = sorted({one for one in persons if one is not None})
    known = await intake.persons_of(context.store, context.vault, ids) if ids else []
    return Cover(known)
