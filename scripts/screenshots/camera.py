"""A page, and where its pictures go."""

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
    """Takes pictures of one page; `name`: language and size, for the names of the files."""

    page: Page
    shown: Site
    name: str

    @property
    def chinese(self) -> bool:
        return self.name.startswith("zh")

    def shoot(self, what: str) -> None:
        """The page from its top, to a height that can still be looked at."""
        width, height = self.page.evaluate("[innerWidth, document.documentElement.scrollHeight]")
        clip: FloatRect = {"x": 0, "y": 0, "width": width, "height": min(height, _TALLEST)}
        self.page.screenshot(path=FOLDER / f"{what}-{self.name}.png", full_page=True, clip=clip)

    def go(self, pages: Iterable[tuple[str, str]], pause: float = 0) -> None:
        """A picture of each page; `pause`: milliseconds for what comes after it."""
        for what, path in pages:
            self.page.goto(path)
            self.page.wait_for_timeout(pause)
            self.shoot(what)

    def sign_in(self, role: Role, unit: str | None = None) -> None:
        """From here on the page is somebody's in this role."""
        account, password = self.shown.account(role, unit)
        told = {"name": account, "password": password}
        if self.page.request.post("/api/v1/session", data=told).status != 200:
            raise RuntimeError(f"nobody could sign in as {account}")
