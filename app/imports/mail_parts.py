"""Reading a mail: its words, its files, and whether a machine sent it.

A mail is untrusted from the first byte. Headers are decoded in the plainest way the library has,
unknown charsets are read as far as they go, HTML is read and never shown, and what is too much is
left out and said. `BadMail` refuses a mail as a whole, with the reply code of SMTP.
"""

import codecs
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from email import policy
from email.errors import HeaderParseError
from email.header import decode_header
from email.message import Message
from email.parser import BytesParser
from email.utils import parseaddr
from html.parser import HTMLParser

from domain.canonical import says_nothing
from domain.ticket.complaint import TEXT_LIMIT, clean_text

MOST_PARTS = 100
"""The parts that are looked at; the others are counted as left out."""

MOST_LINES_OF_PARTS = 5_000
"""A mail with more lines that may separate parts is refused before it is parsed."""

MOST_HOPS = 50
_LONGEST_HEADER = 2_000
_LONGEST_TEXT = 200_000
_LONGEST_BYTES = 4 * _LONGEST_TEXT
_DEEPEST = 20
_TITLE = 200
_NAME = 100

_BOUNDARY = re.compile(rb"^--", re.MULTILINE)
_BREAKS = re.compile(r"[\r\n\t\v\f\x00-\x1f\x7f]+")
_QUOTED = re.compile(
    r"^(>|-{2,} ?(original message|forwarded message|原始邮件|原邮件|转发邮件)|发件人[:：]|from:\s|"
    r"on .{5,200} wrote:|在.{4,100}写道[:：])",
    re.IGNORECASE,
)
_MESSAGE_ID = re.compile(r"<[^<>\s]{1,398}>")
_MOST_ANSWERED = 20
_SAID_NO = frozenset({"", "no"})
_OF_MANY = frozenset({"bulk", "list", "junk", "auto_reply"})
_BY_MACHINES = ("list-id", "list-unsubscribe", "list-post", "x-autoreply", "x-autorespond")
_NO_CHARSETS = frozenset({"punycode", "idna", "unicode-escape", "raw-unicode-escape"})
_WIDER = {"gb2312": "gb18030", "gbk": "gb18030"}
_NOBODY_WROTE = re.compile(
    r"(自动(回复|答复)|auto(matic)?[ -]?(reply|response)|out of office)\s*[:：]", re.IGNORECASE
)
_SKIPPED = frozenset({"script", "style", "head", "title", "template", "noscript"})
_BLOCKS = frozenset({"p", "div", "br", "li", "tr", "table", "h1", "h2", "h3", "h4", "blockquote"})


class BadMail(Exception):
    """A mail that is refused: the reply code of SMTP, and words for whoever sent it."""

    def __init__(self, reply: str) -> None:
        super().__init__(reply)
        self.reply = reply


@dataclass(frozen=True, slots=True)
class MailFile:
    """A file that came with a mail."""

    name: str
    declared: str
    content: bytes


@dataclass(frozen=True, slots=True)
class ReadMail:
    """The content of a mail. `left_out`: how many parts were not looked at.

    `by_machine`: why it is no citizen's: a reply that nobody wrote, a bounce, a list; empty if it
    is one. `references`: where a ticket may be named. `answers`: the Message-IDs of the mails that
    it answers, the nearest first. `answer_to`: the address that its sender wants answers at.
    """

    message_id: str
    title: str
    text: str
    sender: str
    name: str
    by_machine: str
    references: str
    answers: tuple[str, ...] = ()
    answer_to: str = ""
    files: list[MailFile] = field(default_factory=list)
    left_out: int = 0


def read_mail(content: bytes, return_path: str) -> ReadMail:
    """Read a mail. `return_path`: the sender that the envelope names.

    Raises:
        BadMail
    """
    if sum(1 for _ in _BOUNDARY.finditer(content)) > MOST_LINES_OF_PARTS:
        raise BadMail("554 5.6.0 This mail has too many parts")
    try:
        message = BytesParser(policy=policy.compat32).parsebytes(content)
        parts, left_out = _parts(message)
    except RecursionError:
        raise BadMail("554 5.6.0 The parts of this mail are nested too deeply") from None
    if len(message.get_all("received") or ()) > MOST_HOPS:
        raise BadMail("554 5.4.6 This mail goes round in circles")
    name, address = _address(message, "from")
    sender = address if "@" in address else return_path
    _, answer_to = _address(message, "reply-to")
    said = _said(parts, "text/plain") or _said(parts, "text/html")
    return ReadMail(
        message_id=header(message, "message-id")[:400],
        title=header(message, "subject")[:_TITLE],
        text=clean_text(said[:_LONGEST_TEXT]),
        sender=sender,
        name=name[:_NAME],
        by_machine=_by_machine(message, return_path),
        references=" ".join(
            header(message, one) for one in ("subject", "in-reply-to", "references")
        ),
        answers=_answers(message),
        answer_to=answer_to if "@" in answer_to else sender,
        files=[file for part in parts if (file := _file(part)) is not None],
        left_out=left_out,
    )


def _said(parts: Sequence[Message], kind: str) -> str:
    """Return the first text of a kind that says something; empty if there is none."""
    texts = (_text(part, kind) for part in parts)
    return next((text for text in texts if text is not None and not says_nothing(text)), "")


def header(message: Message, name: str) -> str:
    """Return a header on one line, decoded as far as it can be."""
    return _words_in(_raw(message, name))


def _raw(message: Message, name: str) -> str:
    """Return a header as it was sent, without the bytes of any charset; "" if it is missing."""
    raw = next((value for key, value in message.raw_items() if key.lower() == name), "")
    return _as_sent(str(raw)[:_LONGEST_HEADER])


def _words_in(text: str) -> str:
    """Return the text that encoded words stand for."""
    try:
        pieces = decode_header(text)
    except (HeaderParseError, ValueError):
        pieces = [(text, None)]
    decoded = "".join(
        _decoded(piece, charset) if isinstance(piece, bytes) else piece for piece, charset in pieces
    )
    return clean_text(_BREAKS.sub(" ", decoded))


def _address(message: Message, name: str) -> tuple[str, str]:
    """Return the name and the address of a header; a comma in an encoded name ends nothing."""
    words, address = parseaddr(_BREAKS.sub(" ", _raw(message, name)))
    return _words_in(words), clean_text(address)


def _as_sent(raw: str) -> str:
    """Return a header's text, of which bytes beyond ASCII are read where no charset is named.

    Many programs write them without encoded words. The parser keeps each as a surrogate.
    """
    if raw.isascii():
        return raw
    return _decoded(raw.encode("ascii", errors="surrogateescape"), None)


def _decoded(content: bytes, charset: str | None, *, cut: bool = False) -> str:
    """Return a text in its charset, or in the one in which least of it cannot be read.

    A byte that was lost on the way costs a character, and not the whole text. `cut`: its last
    character may be a part.
    """
    names = dict.fromkeys((_of_texts(charset) or "utf-8", "utf-8", "gb18030"))
    for name in names:
        try:
            return codecs.getincrementaldecoder(name)().decode(content, not cut)
        except ValueError:
            continue
    readings = [content.decode(name, errors="replace") for name in names]
    return min(readings, key=lambda text: text.count("\N{REPLACEMENT CHARACTER}"))


def _of_texts(charset: str | None) -> str | None:
    """Return the name of a charset that mails are written in; None of others.

    Those that a mail may name and nobody writes in take a time that grows with the square.
    """
    try:
        name = codecs.lookup(charset or "").name
        b"a".decode(name)  # of compressions and the like this is an error
    except (LookupError, ValueError):
        return None
    return None if name in _NO_CHARSETS else _WIDER.get(name, name)


def _answers(message: Message) -> tuple[str, ...]:
    named = [*_MESSAGE_ID.findall(header(message, "in-reply-to"))]
    named += reversed(_MESSAGE_ID.findall(header(message, "references")))
    return tuple(dict.fromkeys(named))[:_MOST_ANSWERED]


def _by_machine(message: Message, return_path: str) -> str:
    """Return why nobody wrote this mail to the city; empty if somebody did."""
    if not return_path.strip("<> "):
        return "bounce"
    if header(message, "auto-submitted").partition(";")[0].strip().lower() not in _SAID_NO:
        return "auto_reply"
    if header(message, "precedence").lower() in _OF_MANY:
        return "list"
    if any(message.get(name) is not None for name in _BY_MACHINES):
        return "list"
    if _NOBODY_WROTE.match(header(message, "subject")):
        return "auto_reply"
    kind = message.get_content_type()
    if kind in ("multipart/report", "message/delivery-status"):
        return "bounce"
    local = return_path.partition("@")[0].strip("<").lower()
    return "bounce" if local in ("mailer-daemon", "postmaster") else ""


def _parts(message: Message) -> tuple[list[Message], int]:
    """Return the parts that are no containers, in their order, and how many were left out."""
    parts: list[Message] = []
    left_out = 0
    for depth, part in _walk(message, 0):
        if part.is_multipart():
            continue
        if len(parts) < MOST_PARTS and depth <= _DEEPEST:
            parts.append(part)
        else:
            left_out += 1
    return parts, left_out


def _walk(message: Message, depth: int) -> Iterator[tuple[int, Message]]:
    waiting = [(depth, message)]
    while waiting:
        depth, part = waiting.pop()
        yield depth, part
        below = part.get_payload() if part.is_multipart() else []
        if isinstance(below, list):
            waiting += [(depth + 1, one) for one in reversed(below) if isinstance(one, Message)]


def _text(part: Message, kind: str) -> str | None:
    if _kind_of(part) != kind or _is_file(part):
        return None
    content = part.get_payload(decode=True)
    if not isinstance(content, bytes):
        return None
    try:
        charset = part.get_content_charset()
    except (LookupError, ValueError, HeaderParseError):
        charset = None
    text = _decoded(content[:_LONGEST_BYTES], charset, cut=len(content) > _LONGEST_BYTES)
    return _words_of(text) if kind == "text/html" else text


def _kind_of(part: Message) -> str:
    """Return the type of a part; of a container without parts that of its words."""
    kind = part.get_content_type()
    return "text/plain" if kind.startswith("multipart/") else kind


def _is_file(part: Message) -> bool:
    return part.get_content_disposition() == "attachment" or bool(part.get_filename())


def _file(part: Message) -> MailFile | None:
    kind = _kind_of(part)
    if kind in ("text/plain", "text/html") and not _is_file(part):
        return None
    content = part.get_payload(decode=True)
    if not isinstance(content, bytes) or not content:
        return None
    name = _words_in(str(part.get_filename() or ""))[:_NAME]
    return MailFile(name, kind, content)


class _Words(HTMLParser):
    """The words of a page, without what is not shown."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.words: list[str] = []
        self._skipping = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _SKIPPED:
            self._skipping += 1
        elif tag in _BLOCKS:
            self.words.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in _SKIPPED and self._skipping:
            self._skipping -= 1
        elif tag in _BLOCKS:
            self.words.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._skipping:
            self.words.append(re.sub(r"\s+", " ", data))


def _words_of(page: str) -> str:
    reader = _Words()
    reader.feed(page[:_LONGEST_TEXT])
    reader.close()
    lines = "".join(reader.words).splitlines()
    return re.sub(r"\n{3,}", "\n\n", "\n".join(line.strip() for line in lines)).strip()


def without_quotes(text: str) -> str:
    """Return a reply without what it quotes; all of it where nothing else is said."""
    own: list[str] = []
    for line in text.splitlines():
        if _QUOTED.match(line.strip()):
            break
        own.append(line)
    said = "\n".join(own).strip()
    return text if says_nothing(said) else said


def fitted(text: str, notes: list[str], room: int = TEXT_LIMIT) -> str:
    """Return a text with notes below it, cut where it is longer than a complaint may be."""
    below = "".join(f"\n（{note}）" for note in notes)[: room // 2]
    if len(text) + len(below) <= room:
        return text + below
    note = "\n（来信过长，后面的内容未收录）"
    return text[: room - len(below) - len(note)] + note + below
