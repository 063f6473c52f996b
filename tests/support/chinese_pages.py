"""The text that a page shows, and the English sentences in it that a Chinese page should not have.

Code, commands in backticks and what is marked as English (`lang="en"`) are not sentences of ours.
"""

import re
from html.parser import HTMLParser

_UNSEEN = {"script", "style", "template", "code", "pre"}
_VOID = {"area", "br", "col", "hr", "img", "input", "link", "meta", "source", "wbr"}
_SENTENCE = re.compile(r"[A-Za-z][A-Za-z'’]*(?:[ ,;:]+[A-Za-z][A-Za-z'’]*){2,}")


class _Shown(HTMLParser):
    """A parser that collects text, and labels for screen readers, outside of unseen elements."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []
        self._open: list[tuple[str, bool]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        unseen = self._unseen or tag in _UNSEEN or (tag != "html" and values.get("lang") == "en")
        if not unseen:
            self.texts += [
                text
                for name in ("aria-label", "title", "placeholder", "alt")
                if (text := values.get(name))
            ]
        if tag not in _VOID:
            self._open.append((tag, unseen))

    def handle_endtag(self, tag: str) -> None:
        for at in reversed(range(len(self._open))):
            if self._open[at][0] == tag:
                del self._open[at:]
                return

    def handle_data(self, data: str) -> None:
        if not self._unseen:
            self.texts.append(data)

    @property
    def _unseen(self) -> bool:
        return bool(self._open) and self._open[-1][1]


def shown_text(page: str) -> str:
    """Return the text that a page shows, a line for each piece."""
    shown = _Shown()
    shown.feed(page)
    return "\n".join(" ".join(text.split()) for text in shown.texts if text.strip())


def english_in(page: str) -> list[str]:
    """Return what reads like an English sentence: three words or more in a row."""
    return _SENTENCE.findall(re.sub(r"`[^`]*`", "", shown_text(page)))
