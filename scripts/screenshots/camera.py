"""Capturing pages as pictures."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import FloatRect, Page

from domain.actors import Role
from tests.support.browser import Site

FOLDER = Path(__file__).parents[2] / "docs" / "screenshots"
_TALLEST = 1300


@dataclass(frozen=True)
class Camera:
    """A camera for one page; `name`: language and size, for the names of the files."""

    page: Page
    shown: Site
    name: str

    @property
    def chinese(self) -> bool:
        return self.name.startswith("zh")

    def shoot(self, what: str) -> None:
        """Capture the page from its top, to a readable height."""
        width, height = self.page.evaluate("[innerWidth, document.documentElement.scrollHeight]")
        clip: FloatRect = {"x": 0, "y": 0, "width": width, "height": min(height, _TALLEST)}
        self.page.screenshot(path=FOLDER / f"{what}-{self.name}.png", full_page=True, clip=clip)

    def go(self, pages: Iterable[tuple[str, str]], pause: float = 0) -> None:
        """Capture each page; `pause`: milliseconds for content that loads later."""
        for what, path in pages:
            self.page.goto(path)
            self.page.wait_for_timeout(pause)
            self.shoot(what)

    def sign_in(self, role: Role, unit: str | None = None) -> None:
        """Sign the page in to an account of this role."""
        account, password = self.shown.account(role, unit)
        values = {"name": account, "password": password}
        if self.page.request.post("/api/v1/session", data=values).status != 200:
            raise RuntimeError(f"nobody could sign in as {account}")
