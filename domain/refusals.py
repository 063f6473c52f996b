"""Refusals: one error, with a stable code that the entry points translate."""


class Refused(Exception):
    """A command that the rules do not allow. Nothing has changed.

    `code` is stable and documented (docs/reference/errors.md); the message is for people and holds
    no personal data.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
