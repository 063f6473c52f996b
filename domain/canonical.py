"""The canonical form of text: the one in which it is judged, compared, searched and covered.

People paste from other programs, type with the full width of an input method, and speak numbers.
Two texts that look the same are the same here: compatibility forms (NFKC), capitals, invisible
characters, digits of any script and spaces beside Chinese characters make no difference. What is
kept stays as it was written; only decisions are made on this form.
"""

import re
import unicodedata
from collections.abc import Callable
from functools import lru_cache

_CHINESE_DIGITS = {
    **dict(zip("〇零一二三四五六七八九", "00123456789", strict=True)),
    **dict(zip("壹贰叁肆伍陆柒捌玖幺两", "12345678912", strict=True)),
    **dict(zip("○貳參陸", "0236", strict=True)),
}
_SHOWS_NOTHING = frozenset(
    "\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0\ufffc\U0001d159"
    "\u180b\u180c\u180d\u180f"  # fillers and blanks that Unicode counts as letters, marks, symbols
)
HAN = "\u3005\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
"""The Chinese characters, as ranges of a regular expression."""
_SPACES = re.compile(r"\s+")
_BESIDE_HAN = re.compile(rf"(?<=[{HAN}]) | (?=[{HAN}])")
_IN_NUMBERS = re.compile(r"[\s\-.·()]+")
_READ_AS = str.maketrans("OIL", "011")
_MANY = 4096


def folded(text: str) -> str:
    """Return `text` to search in, to search for, and to compare: the canonical form."""
    plain = unicodedata.normalize("NFKC", _seen(text)).casefold()
    plain = _seen(unicodedata.normalize("NFKC", plain))
    return _BESIDE_HAN.sub("", _SPACES.sub(" ", plain)).strip()


def says_nothing(text: str) -> bool:
    """Return whether nobody would see anything of `text`: it has at most blanks and marks."""
    return not any(
        unicodedata.category(one)[0] in "LNPS" and one not in _SHOWS_NOTHING for one in text
    )


def typed_code(text: str) -> str:
    """Return a code of letters and digits in plain width, without invisible characters.

    Capitals stay: codes of units and categories tell them apart.
    """
    return _seen(unicodedata.normalize("NFKC", _seen(text))).strip()


def written_plainly(value: object) -> object:
    """Return a typed code as `typed_code` does; for validators: other values stay as they are."""
    return typed_code(value) if isinstance(value, str) else value


def digits_plainly(value: object) -> object:
    """Return a typed number as `typed_number` does; for validators, like `written_plainly`."""
    return typed_number(value) if isinstance(value, str) else value


def typed_number(text: str) -> str:
    """Return a number that people read aloud or copy, without what only separates its digits."""
    return _IN_NUMBERS.sub("", "".join(map(_in_numbers, typed_code(text).lower())))


def spoken_code(text: str) -> str:
    """Return a code of digits and capitals as it is issued, however it was read aloud or copied.

    Its letters are those that nobody takes for a digit; O, I and L are read as digits.
    """
    return typed_number(text).upper().translate(_READ_AS)


def substituted(
    text: str, pattern: re.Pattern[str], instead: Callable[[re.Match[str]], str]
) -> str:
    """Replace what `pattern` finds in the canonical form of `text`; the rest stays as written.

    The form that is searched keeps spaces, for a pattern to say where they may be, and has every
    kind of dash as "-" and every Chinese digit as a digit.
    """
    plain, origin = [], []
    for at, one in enumerate(text):
        for new in plain_character(one):
            plain.append(new)
            origin.append(at)
    done, parts = 0, []
    for match in pattern.finditer("".join(plain)):
        if match.end() > match.start():
            begins, ends = origin[match.start()], origin[match.end() - 1] + 1
            parts += [text[done : max(begins, done)], instead(match)]
            done = max(ends, done)
    return "".join([*parts, text[done:]])


def _seen(text: str) -> str:
    """Return `text` without the characters that show nothing; line breaks and tabs are blanks."""
    return "".join(one for one in text if not _ignored(one))


@lru_cache(_MANY)
def _ignored(one: str) -> bool:
    if one in _SHOWS_NOTHING or "\ufe00" <= one <= "\ufe0f" or "\U000e0000" <= one <= "\U000e0fff":
        return True
    category = unicodedata.category(one)
    return category == "Cf" or (category == "Cc" and not one.isspace())


@lru_cache(_MANY)
def _in_numbers(one: str) -> str:
    """Return a character as it is in numbers: digits of any script, one dash, one middle dot."""
    if one in _CHINESE_DIGITS:
        return _CHINESE_DIGITS[one]
    if unicodedata.category(one) == "Nd":
        return str(unicodedata.decimal(one))
    if unicodedata.category(one) == "Pd" or one in "\u2212\u30fc\uff70":
        return "-"
    return "·" if one in "•‧∙⋅・･｡" else one


@lru_cache(_MANY)
def plain_character(one: str) -> str:
    """Return one character as it is searched: plain width, one dash, every digit as 0 to 9.

    Empty for one that shows nothing; several where it stands for several.
    """
    plain = unicodedata.normalize("NFKC", one) if not one.isascii() else one
    return "".join(_in_numbers(each) for each in plain if not _ignored(each))
