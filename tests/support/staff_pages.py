"""A staff member's browser, for tests of pages: signed in, reading and sending forms."""

import html
import re
from dataclasses import dataclass, field
from typing import Any

import httpx

from domain.actors import Role
from tests.api.running_api import Api, Filed
from tests.support.people import SignedIn, signed_in

_TAG = re.compile(r"<[^>]+>")


@dataclass
class AtDesk:
    """A signed-in staff member; `language` is what their browser asks for."""

    api: Api
    who: SignedIn
    language: str = "zh"
    seen: list[httpx.Response] = field(default_factory=list)

    @property
    def headers(self) -> dict[str, str]:
        return {"Accept": "text/html", "Accept-Language": self.language} | self.who.cookie

    async def get(self, path: str, **params: str) -> httpx.Response:
        return await self.api.http.get(path, params=params or None, headers=self.headers)

    async def post(
        self, path: str, data: dict[str, Any] | None = None, files: Any = None
    ) -> httpx.Response:
        """Send a form of one of our pages, with its CSRF token."""
        fields = {"csrf": self.who.csrf} | (data or {})
        answer = await self.api.http.post(path, data=fields, files=files, headers=self.headers)
        assert dead_links(answer) == [], "what is wrong is linked to its field"
        return answer

    async def ticket(self, ticket: Filed, **params: str) -> httpx.Response:
        return await self.get(f"/staff/tickets/{ticket.number}", **params)

    async def do(
        self, ticket: Filed, what: str, data: dict[str, Any] | None = None, files: Any = None
    ) -> httpx.Response:
        return await self.post(f"/staff/tickets/{ticket.number}/{what}", data, files)

    async def done(
        self, ticket: Filed, what: str, data: dict[str, Any] | None = None, files: Any = None
    ) -> str:
        """Send an action form, follow the redirect, and return the success message."""
        answer = await self.do(ticket, what, data, files)
        assert answer.status_code == 303, says(answer)
        page = await self.get(answer.headers["Location"])
        assert page.status_code == 200
        return said(page)


async def at_desk(
    api: Api,
    role: Role,
    unit: str | None = None,
    language: str = "zh",
    *,
    city: str | None = None,
) -> AtDesk:
    return AtDesk(api, await signed_in(api, role, unit, city=city), language)


def dead_links(page: httpx.Response) -> list[str]:
    """Return the fields that the summary of faults links to, and that the page does not have."""
    summary = re.search(r'id="summary".*?</div>', page.text, re.DOTALL)
    linked = re.findall(r'href="#([^"]+)"', summary[0]) if summary else []
    return [name for name in linked if f'id="{name}"' not in page.text]


def says(page: httpx.Response) -> str:
    """Return the readable text of a page."""
    return " ".join(html.unescape(_TAG.sub(" ", page.text)).split())


def said(page: httpx.Response) -> str:
    """Return the success message of a page."""
    match = re.search(r'<p class="alert alert-success"[^>]*>(.*?)</p>', page.text, re.DOTALL)
    return html.unescape(match[1]) if match else ""


def refused(page: httpx.Response) -> str:
    """Return the summary of faults in a form that came back."""
    match = re.search(r'id="summary".*?</div>', page.text, re.DOTALL)
    return says(httpx.Response(200, text=match[0])) if match else ""


def offered(page: httpx.Response) -> set[str]:
    """Return the action forms that the page offers."""
    number = re.search(r"/staff/tickets/(\d{13})", page.text)
    assert number, page.text
    path = f"/staff/tickets/{number[1]}"
    links = re.findall(rf'href="{path}\?do=([a-z-]+)#action"', page.text)
    forms = re.findall(rf'action="{path}/([a-z-]+)" data-once', page.text)
    return {*links, *forms}


def hidden(page: httpx.Response, action: str) -> dict[str, str]:
    """Return the hidden fields of the form that goes to `action`."""
    form = re.search(rf'<form[^>]*action="{re.escape(action)}".*?</form>', page.text, re.DOTALL)
    assert form, page.text
    fields = re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', form[0])
    return {name: html.unescape(value) for name, value in fields}


async def shown_again(api: Api, page: httpx.Response, who: SignedIn) -> httpx.Response:
    """Return the page that shows what a sign-in page carried, after signing in elsewhere."""
    fields = hidden(page, "/staff/again")
    assert fields.keys() == {"carried"}
    browser = page.cookies["jiesu-carried"]
    api.http.cookies.clear()
    cookies = {"Cookie": f"jiesu-carried={browser}; jiesu-session={who.secret}"}
    parts: Any = [(name, (None, value)) for name, value in fields.items()]
    headers = {"Accept": "text/html"} | cookies
    return await api.http.post("/staff/again", files=parts, headers=headers)
