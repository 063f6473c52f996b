"""The likeness of photos: a mark that stays nearly the same however a photo is sent again.

It is a difference hash (dHash) of the small, cleaned picture: on a grid of gray squares, whether
each is brighter than its neighbour to the right, and than the one below. Scaling, recompression
and small changes of light move a few of the 128 bits; another picture moves about half of them.
"""

import io

from PIL import Image

SIDE = 8
_EVEN = 10
"""A picture whose brightness differs by less than that (of 255) shows nothing to compare."""


def mark_of(picture: bytes) -> str:
    """Return the mark of a picture, as 32 hexadecimal digits; "" if it shows nothing.

    For pictures of our own storage only, which were examined and encoded anew when they came.
    """
    try:
        with Image.open(io.BytesIO(picture), formats=["JPEG"]) as opened:
            gray = opened.convert("L").resize((SIDE + 1, SIDE + 1), Image.Resampling.BOX)
    except (OSError, ValueError, SyntaxError):
        return ""
    values = gray.tobytes()
    if max(values) - min(values) < _EVEN:
        return ""
    bits = 0
    for down in range(SIDE):
        for right in range(SIDE):
            here = values[down * (SIDE + 1) + right]
            bits = bits << 1 | (here > values[down * (SIDE + 1) + right + 1])
            bits = bits << 1 | (here > values[(down + 1) * (SIDE + 1) + right])
    return f"{bits:032x}"
