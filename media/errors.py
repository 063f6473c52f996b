"""The refusal to accept or serve a file, or a part of one."""

from collections.abc import Mapping


class FileRefused(Exception):
    """A refusal with a stable code (docs/reference/errors.md).

    `detail`: for people, without personal data. `headers`: those of the HTTP response.
    """

    def __init__(
        self, code: str, detail: str = "", *, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(detail or code)
        self.code, self.detail, self.headers = code, detail, headers
