"""Redaction of published texts: they must not identify a person.

Consent to publication does not cover a phone number mentioned in the text. The patterns are looked
for in the canonical form (`domain.canonical`), however a number was written.
"""

import re

from domain.canonical import substituted

REDACTED = "▇▇▇"

_SEP = r"[\s\-.·_/(),、。;:~|个]{0,3}"
"""The separators between two digits of a number, also what people put there to escape this."""
_HERE = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼使"
_NAME = "\u4e00-\u9fff\\d"
"""The characters of names: numerals in them are digits in the canonical form."""
_BUILDING = r"[\d十百]{1,5}\s*(?:号楼|号院|栋|幢|座|\#\s*楼?)"
_ENTRANCE = r"[\d十a-z]{1,3}\s*(?:单元|门洞|门|梯)"
_ROOM = r"[\d十百]{2,5}"
_ROOM_WORD = r"(?:室|号房?|户|房)"

_PATTERN = re.compile(
    rf"""
    [a-z0-9_.+-]{{1,64}}@[a-z0-9-]+(?:\.[a-z0-9-]+)+                        # e-mail
    | (?<!\d)[1-9](?:{_SEP}\d){{5}}{_SEP}(?:1{_SEP}[89]|2{_SEP}0)(?:{_SEP}\d){{13}}{_SEP}[\dx]
                                                                     # identity numbers
    | (?!(?:19|20)\d\d[\-./]\d\d?[\-./]\d\d?(?!\d))(?<!\d)\d(?:[\s\-]?\d){{14,18}}x?
                                                                     # old ones, and bank cards
    | (?:(?:\+|00)?{_SEP}86{_SEP})?1{_SEP}[3-9](?:{_SEP}\d){{9}}     # mobile phones
    | (?<![a-z])[1li]{_SEP}[3-9](?:{_SEP}[\dlio]){{9}}(?![a-z])  # l for 1, O for 0
    | [a-z0-9_.+-]{{1,64}}\s*\(?\bat\b\)?\s*[a-z0-9-]+(?:\s*\(?\bdot\b\)?\s*[a-z0-9-]+)+
    | 微\s{{1,3}}信\s*号?码?[\s:是为]{{0,3}}[a-z0-9_-]{{5,20}}
    | (?:(?<=我叫|名叫)\s*|(?<=姓名|名字)\s*[:是叫为]{{1,2}}\s*)
        (?![了过人他她你我不大这那什是])[{_NAME}]{{2,4}}?
        (?=$|[^{_NAME}]|[住家是今在电男女手])                        # who says their own name
    | (?<=护照|行证)[^\na-z\d]{{0,6}}[a-z]{{1,2}}\d{{7,9}}             # passports and permits
    | (?<!\d)(?<!\d[\-./])\(?0{_SEP}[1-9](?:{_SEP}\d){{8,10}}                     # fixed lines
    | \+{_SEP}[1-9]\d{{0,2}}(?:{_SEP}\d){{6,12}}                     # phones elsewhere
    | (?<=电话|手机|座机|号码|致电|拨打|联系)[^\d\n]{{0,6}}[2-9](?:{_SEP}\d){{6,7}}(?!\d)
                                                                     # fixed lines without area
    | (?<=微信|qq|vx)\s*号?码?[\s:是为]{{0,3}}[a-z0-9_-]{{5,20}}
    | [{_HERE}]\s*[a-z][\s·.\-]*[a-z0-9](?:[\s·.\-]?[a-z0-9]){{3,4}}[a-z0-9挂学警港澳领使]
    | 使\s*\d{{6}}                                                   # plates
    | (?<!第){_BUILDING}[\s\-,、]*(?:{_ENTRANCE})?[\s\-,、]*(?:\d{{1,2}}[层楼])?[\s\-,、]*
        {_ROOM}{_ROOM_WORD}?                                         # flats
    | {_BUILDING}.{{0,12}}?{_ROOM}(?:室|号房|户|房)
    | {_ENTRANCE}[\s\-,、]*(?:\d{{1,2}}[层楼])?[\s\-,、]*{_ROOM}{_ROOM_WORD}?
    | (?<![\d\-])\d{{1,3}}-\d{{1,2}}-\d{{3,4}}{_ROOM_WORD}?(?![\d\-])  # 12-3-501
    """,
    re.VERBOSE | re.IGNORECASE,
)


def redacted(text: str) -> str:
    """Return `text` without phones, e-mail, identity numbers, plates, flats and names that are
    introduced as such.

    Other names are not told from words.
    """
    return substituted(text, _PATTERN, lambda _: REDACTED)
