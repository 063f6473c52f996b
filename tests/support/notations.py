"""Ways to write numbers, and texts that show nothing, as people type, paste and dictate them."""

SHOWN_AS_NOTHING = (
    "\u200b", "\u200c", "\u200d", "\u2060", "\ufeff", "\u00ad", "\u200e", "\u202d", "\u202c",
    "\u2066", "\u061c", "\u180e", "\ufe0f", "\u034f", "\U000e0020", "\U000e0100",
)  # fmt: skip
"""Characters that may be inside a word without being seen."""

NOTHING = (
    *SHOWN_AS_NOTHING,
    "", " ", "\u3000", "\u00a0", "\u2003", "\t\n", "\u2028", "\x00\x07", "\u3164", "\uffa0",
    "\u115f\u1160", "\u2800", "\u0301", "\u20dd", "\ufffc", "\u200b \u3000\u2060\n\u2800",
)  # fmt: skip
"""Texts of which nobody sees anything."""

_WIDE = str.maketrans("0123456789", "０１２３４５６７８９")
_ARABIC = str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")
_CHINESE = str.maketrans("0123456789", "零一二三四五六七八九")
_CHINESE_TOO = str.maketrans("0123456789", "〇幺两叁肆伍陆柒捌玖")
_CIRCLED = str.maketrans("0123456789", "⓪①②③④⑤⑥⑦⑧⑨")
_BOLD = str.maketrans("0123456789", "𝟎𝟏𝟐𝟑𝟒𝟓𝟔𝟕𝟖𝟗")


def notations(number: str) -> list[str]:
    """Return the number in every notation that is taken for it."""
    half = len(number) // 2
    front, back = number[:half], number[half:]
    joined = (" ", "-", "－", "—", "–", "‐", "\u2011", "\u2212", "\u3000", "\u00a0", "．", "·", ".")
    return [
        number,
        *(number.translate(digits) for digits in (_WIDE, _ARABIC, _CHINESE, _CHINESE_TOO)),
        *(number.translate(digits) for digits in (_CIRCLED, _BOLD)),
        *(f"{front}{one}{back}" for one in joined),
        *(f"{front}{one}{back}" for one in SHOWN_AS_NOTHING),
        f"\u202d{number}\u202c",
        f"\u2068{number.translate(_WIDE)}\u2069\n",
        " ".join(number),
        f"（{front}）{back}",
        f"\ufeff{front.translate(_WIDE)} - {back}",
    ]
