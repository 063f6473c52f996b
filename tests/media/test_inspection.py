"""Tests of the examination of each sort of file, in this process: see also `test_sandbox`."""

import io
from pathlib import Path

import pytest

from media.file_types import agrees, sniff
from media.findings import Bad, FileProperties, whereabouts
from media.inspection import InspectionInput, examine
from tests.support.hostile import MARK, Hostile
from tests.support.hostile_others import others
from tests.support.hostile_pictures import pictures
from tests.support.media import (
    a_photo,
    a_video,
    a_voice,
    a_webm,
    an_mp3,
    an_ogg,
    box,
    chunk,
    element,
    wave,
)

DEAR = ("bomb", "scans", "200 MB", "100 MB", "12 MB")
FILES = [file for file in (*pictures(), *others()) if not any(d in file.name for d in DEAR)]


def looked_at(content: bytes, folder: Path) -> tuple[FileProperties, bytes]:
    """Return the properties found in a file, and its bytes afterwards; fail if it is refused."""
    sort = sniff(content[:64])
    assert sort is not None
    path = folder / "file"
    path.write_bytes(content)
    order = InspectionInput(sort.name, len(content), 64, 1024, 20, -1, -1)
    with path.open("r+b") as file:
        properties = examine(order, file, io.BytesIO(), io.BytesIO())
    return properties, path.read_bytes()


@pytest.mark.parametrize("file", FILES, ids=[file.name for file in FILES])
def test_what_means_harm_is_refused_or_disarmed(file: Hostile, tmp_path: Path) -> None:
    sort = sniff(file.content[:64])
    if sort is None:
        assert file.codes & {"unsupported_file", "empty_file"}
    elif not agrees(file.declared, sort):
        assert "mislabelled_file" in file.codes
    else:
        try:
            properties, after = looked_at(file.content, tmp_path)
        except Bad as refusal:
            assert refusal.code in file.codes
            assert refusal.detail
        else:
            assert file.kept
            assert properties.kind == "photo" or MARK not in after


def test_a_video_stays_as_long_as_it_was(tmp_path: Path) -> None:
    content = box(b"udta", box(b"\xa9nam", b"title"))
    before = a_video(content)
    _, after = looked_at(before, tmp_path)
    assert len(after) == len(before)
    assert b"title" not in after
    assert b"mdat" in after
    # A second examination finds and changes nothing.
    assert looked_at(after, tmp_path) == (FileProperties("video", "video/mp4"), after)


@pytest.mark.parametrize("head", [b"\xff\xfb\x90\x00", b"\xff\xf3\x48\xc4", b"\xff\xe3\x18\xc4"])
def test_mpeg_sound_of_every_version_is_known(head: bytes) -> None:
    sort = sniff(head + bytes(60))
    assert sort is not None
    assert sort.name == "mp3"


def test_sound_in_a_tag_of_its_own_is_found(tmp_path: Path) -> None:
    footed = b"ID3\x04\0\x10\0\0\0\x0a" + b"x" * 20 + an_mp3()
    _, after = looked_at(footed, tmp_path)
    assert after[5:30] == b"\0\0\0\0\x0a" + bytes(20)
    padded, _ = looked_at(an_mp3() + bytes(300), tmp_path)
    assert padded == FileProperties("voice", "audio/mpeg")


def test_an_odd_chunk_may_lack_its_last_byte(tmp_path: Path) -> None:
    whole = wave(a_voice()[12:36], chunk(b"data", bytes(101)))
    assert looked_at(whole[:-1], tmp_path)[0].kind == "voice"


def test_a_wide_voice_is_a_voice(tmp_path: Path) -> None:
    wide = b"#!AMR-WB\n" + (b"\x44" + bytes(60)) * 3
    assert looked_at(wide, tmp_path)[0] == FileProperties("voice", "audio/amr-wb")


def test_a_webm_may_end_with_what_helps_to_seek(tmp_path: Path) -> None:
    cues = element(0x1C53BB6B, bytes(10))
    assert looked_at(a_webm(element(0xEC, bytes(20))) + cues, tmp_path)[0].kind == "video"


def test_an_ogg_of_several_voices_is_a_voice(tmp_path: Path) -> None:
    assert looked_at(an_ogg() + an_ogg(b"\x01vorbis"), tmp_path)[0].media_type == "audio/ogg"


def test_no_place_is_better_than_a_wrong_one() -> None:
    assert whereabouts(39.9, 116.4) == (39.9, 116.4)
    for nowhere in ((0, 0), (91, 0), (0, 181), (float("nan"), 1)):
        assert whereabouts(*nowhere) is None


def test_who_says_nothing_of_a_file_says_nothing_wrong() -> None:
    sort = sniff(a_photo()[:64])
    assert sort is not None
    for declared in ("", "application/octet-stream", "IMAGE/JPEG; charset=x", "*/*"):
        assert agrees(declared, sort)
    assert not agrees("image/png", sort)
