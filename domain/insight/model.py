"""A learned model of triage: its file, and the probabilities that it gives.

The file holds numbers only: hashes of n-grams, one small integer for each n-gram and category, and
ticket numbers. It is read without any library, and a sum over a message needs none: the weights of
an n-gram for all categories are the lanes of one long integer, so that one addition adds them all.

Errors:
    BadModel
    ├── DamagedModel   `model_damaged`         cut short, or not what was written
    ├── ForeignModel   `model_of_another_city`
    └── UnknownFormat  `model_format`          written by another version of this program
"""

import json
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from math import exp, isfinite, sqrt
from zlib import crc32

from pydantic import Field, ValidationError

from domain.insight.features import grams_of, number_of
from domain.model import Instant, Recorded

_MAGIC = b"JIESU-TRIAGE"
FORMAT = 1
"""The format that this version writes and reads."""
_DIGEST = 32
_LANE = 4
_ZERO = 128
"""Weights are kept from 0 to 255, and mean from -128 to 127."""
_CACHED = 150_000
MOST_BYTES = 5_000_000
"""The largest file of a model."""
SIGNATURE = 12
"""The telling n-grams that are kept of a past ticket."""
_ALIKE_FROM = 3
_ENOUGH = 10
"""The known n-grams of four characters that say what it is about: fewer are not trusted."""


class BadModel(ValueError):
    """A model that cannot be used."""

    code = "model_unusable"


class DamagedModel(BadModel):
    """A file that is not what was written."""

    code = "model_damaged"


class ForeignModel(BadModel):
    """A model that another city's tickets made."""

    code = "model_of_another_city"


class UnknownFormat(BadModel):
    """A model that another version of this program wrote."""

    code = "model_format"


class ModelHead(Recorded):
    """The description of a model. `scales`: the score that one step of a weight is worth, by
    category. `slopes` and `offsets`: the calibration, by category. `measured`: by cross-validation.
    `kinds_bytes`: the length of the model of kinds at the end of the file; 0 without one.
    """

    city: str
    categories: list[str] = Field(min_length=2, max_length=1000)
    features: int = Field(ge=1)
    scales: list[float]
    biases: list[float]
    slopes: list[float]
    offsets: list[float]
    title_weight: int = Field(1, ge=0, le=3)
    numbers: list[str] = Field(default_factory=list)
    tickets: int = Field(ge=0)
    made_at: Instant
    threshold: float = Field(1.0, ge=0, le=1)
    measured: dict[str, float] = Field(default_factory=dict)
    kinds_bytes: int = Field(0, ge=0)


@dataclass(frozen=True, slots=True)
class Suggested:
    """A category and its calibrated probability."""

    category: str
    probability: float


class TriageModel:
    """A learned model in memory. `version`: the beginning of the digest of its file.

    `kinds`: a model whose categories are the kinds of complaints; None where too few taught it.
    """

    def __init__(
        self, head: ModelHead, body: memoryview, version: str, kinds: "TriageModel | None" = None
    ) -> None:
        self.head, self.version, self.kinds = head, version, kinds
        size, classes = head.features, len(head.categories)
        self._classes = classes
        numbers = _unsigned(body[: 4 * size])
        self._row = {number: at for at, number in enumerate(numbers)}
        self._weights = bytes(body[4 * size : (4 + classes + 1) * size])
        lanes = bytearray(_LANE * len(self._weights))
        lanes[::_LANE] = self._weights
        self._lanes = bytes(lanes)
        signed = _unsigned(body[(4 + classes + 1) * size :])
        self._signed: dict[int, list[int]] = {}
        for at, row in enumerate(signed):
            self._signed.setdefault(row, []).append(at // SIGNATURE)
        self._packed: dict[str, int] = {}

    # --- what a message says ------------------------------------------------------------------

    def judge(self, title: str, text: str) -> list[Suggested]:
        """Return every category with its probability, the likeliest first.

        A message without any known n-gram gets every category alike: whoever asks sees that the
        model does not know.
        """
        chosen = self.probabilities(title, text)
        ranked = sorted(zip(chosen, self.head.categories, strict=True), reverse=True)
        return [Suggested(category, probability) for probability, category in ranked]

    def probabilities(self, title: str, text: str) -> list[float]:
        """Return the calibrated probability of each category, in the order of the head."""
        scores, known = self._scores(title, text)
        even = 1 / self._classes
        if scores is None:
            return [even] * self._classes
        raised = [
            slope * score + offset
            for slope, score, offset in zip(
                self.head.slopes, scores, self.head.offsets, strict=True
            )
        ]
        top = max(raised)
        parts = [exp(one - top) for one in raised]
        whole = sum(parts)
        # One character may stand in one category alone, and still say next to nothing.
        share = min(known / _ENOUGH, 1.0)
        return [share * part / whole + (1 - share) * even for part in parts]

    def _scores(self, title: str, text: str) -> tuple[list[float] | None, int]:
        """Return the linear score of each category, and how many n-grams are known."""
        everywhere, in_title = grams_of(title, text)
        lanes, known = self._sum(everywhere)
        if not known:
            return None, 0
        weight = self.head.title_weight
        square = lanes[self._classes]
        total = [lane - _ZERO * known for lane in lanes[: self._classes]]
        if weight and in_title:
            again, twice = self._sum(in_title)
            square += ((1 + weight) ** 2 - 1) * again[self._classes]
            total = [
                one + weight * (lane - _ZERO * twice)
                for one, lane in zip(total, again[: self._classes], strict=True)
            ]
        length = sqrt(max(square, 1))
        scores = [
            bias + scale * value / length
            for value, scale, bias in zip(total, self.head.scales, self.head.biases, strict=True)
        ]
        return scores, known

    def _sum(self, chosen: set[str]) -> tuple[Sequence[int], int]:
        """Return the sum of each lane over n-grams, and how many of them are known."""
        cache, row, lanes = self._packed, self._row.get, self._lanes
        width = (self._classes + 1) * _LANE
        fresh = [gram for gram in chosen if gram not in cache]
        known = map(cache.get, chosen)
        rows = [(gram, row(crc32(gram.encode()))) for gram in fresh]
        looked = {
            gram: int.from_bytes(lanes[at * width : at * width + width], "little")
            if at is not None
            else 0
            for gram, at in rows
        }
        found = [value for value in known if value is not None]
        found += looked.values()
        if len(cache) < _CACHED:
            cache.update(looked)
        packed = sum(found).to_bytes(width, "little")
        return array("I", packed), len(found) - found.count(0)

    # --- why ----------------------------------------------------------------------------------

    def spoke_for(self, category: str, gram: str) -> float:
        """Return how much an n-gram speaks for a category, compared with the mean of all."""
        at = self._row.get(number_of(gram))
        if at is None:
            return 0.0
        width = self._classes + 1
        row = self._weights[at * width : at * width + self._classes]
        values = [
            scale * (value - _ZERO) for value, scale in zip(row, self.head.scales, strict=True)
        ]
        return values[self.head.categories.index(category)] - sum(values) / len(values)

    def alike(self, title: str, text: str, most: int = 3) -> list[str]:
        """Return the numbers of the past tickets that share most telling n-grams with a message."""
        shared: dict[int, int] = {}
        for gram in grams_of(title, text)[0]:
            row = self._row.get(number_of(gram))
            for ticket in self._signed.get(row, ()) if row is not None else ():
                shared[ticket] = shared.get(ticket, 0) + 1
        ranked = sorted((-count, at) for at, count in shared.items() if count >= _ALIKE_FROM)
        return [self.head.numbers[at] for _, at in ranked[:most]]


def write_model(
    head: ModelHead,
    numbers: Sequence[int],
    weights: bytes,
    signatures: Sequence[int],
    kinds: bytes = b"",
) -> bytes:
    """Return the file of a model. `weights`: per n-gram its categories, then its squared weight.

    `kinds`: the file of its model of kinds.
    """
    said = head.model_copy(update={"kinds_bytes": len(kinds)}).model_dump_json().encode()
    parts = [
        _MAGIC,
        bytes([FORMAT]),
        len(said).to_bytes(4, "little"),
        said,
        array("I", numbers).tobytes(),
        weights,
        array("I", signatures).tobytes(),
        kinds,
    ]
    content = b"".join(parts)
    return content + sha256(content).digest()


def version_of_file(file: bytes) -> str:
    """Return the version of a model's file."""
    return sha256(file[:-_DIGEST]).hexdigest()[:16]


def read_model(file: bytes, city: str, version: str | None = None) -> TriageModel:
    """Return the model of a file, for `city`, and of exactly that version if one is given.

    Raises:
        DamagedModel: it was cut short or changed, or is another version than the one named.
        UnknownFormat: another version of this program wrote it.
        ForeignModel: it is of another city.
    """
    start = len(_MAGIC)
    if len(file) > MOST_BYTES or len(file) < start + 5 + _DIGEST or not file.startswith(_MAGIC):
        raise DamagedModel("this is no file of a model")
    if file[start] != FORMAT:
        raise UnknownFormat(f"the model has the format {file[start]}, and this program {FORMAT}")
    content, digest = file[:-_DIGEST], file[-_DIGEST:]
    if sha256(content).digest() != digest:
        raise DamagedModel("the model was cut short or changed")
    found = version_of_file(file)
    if version is not None and found != version:
        raise DamagedModel(f"the model is {found}, and not {version}")
    head, body = _parts(content[start + 1 :])
    if head.city != city:
        raise ForeignModel(f"the model is of {head.city}, and not of {city}")
    if not head.kinds_bytes:
        return TriageModel(head, body, found)
    kinds = read_model(bytes(body[-head.kinds_bytes :]), city)
    return TriageModel(head, body[: -head.kinds_bytes], found, kinds)


def _parts(rest: bytes) -> tuple[ModelHead, memoryview]:
    length = int.from_bytes(rest[:4], "little")
    try:
        head = ModelHead.model_validate(json.loads(rest[4 : 4 + length]))
    except (ValueError, ValidationError) as error:
        raise DamagedModel("the head of the model cannot be read") from error
    body = memoryview(rest)[4 + length :]
    classes = len(head.categories)
    lists = (head.scales, head.biases, head.slopes, head.offsets)
    sizes = all(len(one) == classes and all(map(isfinite, one)) for one in lists)
    own = head.features * (5 + classes) + 4 * SIGNATURE * len(head.numbers)
    if not sizes or len(body) != own + head.kinds_bytes:
        raise DamagedModel("the parts of the model do not fit together")
    return head, body


def _unsigned(part: memoryview) -> "array[int]":
    values = array("I")
    values.frombytes(bytes(part))
    return values
