"""Photos: decoded, turned upright, and encoded anew, without metadata of the original file."""

import math
import struct
import warnings
from typing import IO

from PIL import Image

from media.findings import Bad, FileProperties, whereabouts

EDGE = 4096
"""The most pixels of a stored photo's longer side: enough to read a number plate in a street."""

THUMBNAIL = 320
MEDIA_TYPE = "image/jpeg"

_FORMATS = {"jpeg": "JPEG", "png": "PNG", "gif": "GIF", "webp": "WEBP"}
_GPS = 0x8825
# The errors that pillow raises on files that do not match their format.
_BROKEN = (
    OSError,
    EOFError,
    SyntaxError,
    ValueError,
    TypeError,
    LookupError,
    ArithmeticError,
    struct.error,
)


def rewrite(
    file: IO[bytes], sort: str, megapixels: int, picture: IO[bytes], thumbnail: IO[bytes]
) -> FileProperties:
    """Write the image in `file` to `picture`, and a small one to `thumbnail`, both as JPEG.

    Of an animation the first frame is kept. The location, if the file has one, is returned and
    written nowhere.

    Raises:
        Bad: broken, or more pixels than allowed.
    """
    Image.MAX_IMAGE_PIXELS = megapixels * 1_000_000
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about broken metadata
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(file, formats=[_FORMATS[sort]]) as opened:
                location = _location(opened)
                clean = _upright(opened)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise Bad("picture_too_large", f"More than {megapixels} megapixels.") from error
    except _BROKEN as error:
        raise Bad("broken_file", "The picture cannot be read to its end.") from error
    clean.save(picture, "JPEG", quality=85)
    width, height = clean.size
    clean.thumbnail((THUMBNAIL, THUMBNAIL), Image.Resampling.LANCZOS)
    clean.save(thumbnail, "JPEG", quality=75)
    return FileProperties("photo", MEDIA_TYPE, width, height, location)


def _upright(opened: Image.Image) -> Image.Image:
    """Return the pixels alone, at most EDGE long, as a new image without metadata."""
    opened.draft("RGB", (EDGE, EDGE))  # JPEG: decoded no larger than needed
    opened.load()
    orientation = _orientation(opened)
    small: Image.Image = opened
    if max(small.size) > EDGE:
        small = small.convert("RGBA" if _transparent(small) else "RGB")
        small.thumbnail((EDGE, EDGE), Image.Resampling.LANCZOS)
    clean = Image.new("RGB", small.size, "white")
    if _transparent(small):
        layer = small.convert("RGBA")
        clean.paste(layer, mask=layer)
    else:
        clean.paste(small.convert("RGB"))
    turn = _TURNS.get(orientation)
    return clean.transpose(turn) if turn is not None else clean


_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""The transposition of the pixels for each EXIF orientation."""


def _transparent(image: Image.Image) -> bool:
    return image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info


def _orientation(opened: Image.Image) -> int:
    # A photo with broken metadata is still accepted.
    try:
        return int(opened.getexif().get(0x0112, 1))
    except _BROKEN:
        return 1


def _location(opened: Image.Image) -> tuple[float, float] | None:
    try:
        gps = opened.getexif().get_ifd(_GPS)
        lat = _degrees(gps[2], negative=gps.get(1) in ("S", b"S"))
        lon = _degrees(gps[4], negative=gps.get(3) in ("W", b"W"))
    except _BROKEN:
        return None
    return whereabouts(lat, lon) if math.isfinite(lat) and math.isfinite(lon) else None


def _degrees(parts: tuple[float, float, float], *, negative: bool) -> float:
    degrees, minutes, seconds = (float(part) for part in parts)
    value = degrees + minutes / 60 + seconds / 3600
    return -value if negative else value
