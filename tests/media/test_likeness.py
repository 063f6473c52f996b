"""Tests of the likeness of photos: a copy is found, another picture is not."""

import io
from random import Random

from PIL import Image, ImageEnhance

from domain.policy.rewards import are_alike
from media.likeness import mark_of
from tests.support.media import saved
from tests.support.seeds import dice


def a_scene(chance: Random) -> Image.Image:
    """Draw a picture of large patches, as a street is."""
    image = Image.new("RGB", (640, 480), (chance.randrange(256),) * 3)
    for _ in range(30):
        left, top = chance.randrange(600), chance.randrange(440)
        box = (left, top, left + chance.randrange(40, 300), top + chance.randrange(40, 250))
        image.paste(tuple(chance.randrange(256) for _ in range(3)), box)
    return image


def small(image: Image.Image, quality: int = 75) -> bytes:
    copy = image.copy()
    copy.thumbnail((320, 320))
    return saved(copy, "JPEG", quality=quality)


def test_a_copy_is_found_however_it_was_sent() -> None:
    chance = dice("likeness")
    for _ in range(40):
        scene = a_scene(chance)
        mark = mark_of(small(scene))
        again = Image.open(io.BytesIO(saved(scene, "JPEG", quality=50)))
        for copy in (
            again,
            scene.resize((1280, 960)),
            scene.resize((500, 375)),
            ImageEnhance.Brightness(scene).enhance(1.05),
        ):
            assert are_alike(mark, mark_of(small(copy, quality=60)))


def test_another_picture_is_not() -> None:
    chance = dice("unlike")
    marks = [mark_of(small(a_scene(chance))) for _ in range(60)]
    pairs = [(a, b) for n, a in enumerate(marks) for b in marks[n + 1 :]]
    assert sum(are_alike(a, b) for a, b in pairs) == 0


def test_a_picture_of_nothing_is_like_no_other() -> None:
    night = small(Image.new("RGB", (640, 480), "black"))
    assert mark_of(night) == ""
    assert not are_alike(mark_of(night), mark_of(night))


def test_what_is_no_picture_has_no_mark() -> None:
    assert mark_of(b"") == ""
    assert mark_of(b"\xff\xd8\xff not a picture") == ""
