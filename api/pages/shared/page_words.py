"""Texts in the reader's language outside templates: table headings, file names."""

from starlette.requests import Request

from api.http.csv_sheets import CUT, MOST
from api.http.i18n import ENGLISH, language_of, translations
from api.pages.shared.formatting import BilingualName
from api.pages.shared.labels import Labels


class PageWords:
    """Messages, labels and names of a pack in the language of a request."""

    def __init__(self, request: Request) -> None:
        self.language = language_of(request)
        self._messages = translations(self.language)
        self._labels = Labels(self.language)

    def say(self, message: str) -> str:
        """Translate a message that is marked with `N_`."""
        return self._messages.gettext(message)

    def cut(self, more: bool) -> str:
        """Return the last row of a sheet that has not all rows; "" of one that has."""
        return self.say(CUT) % {"most": MOST} if more else ""

    def label(self, kind: str, value: object) -> str:
        return self._labels.label(kind, value)

    def named(self, thing: BilingualName) -> str:
        return thing.name_en if self.language == ENGLISH else thing.name
