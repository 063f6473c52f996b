"""The whole product in separate processes, and a real browser that uses it.

Playwright drives the browser from an event loop of its own, so these tests are not async.
"""

import asyncio
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from playwright.sync_api import Browser, Page, sync_playwright
from temporalio.client import Client

from domain.actors import Role
from packs.registry import default_root
from runtime.names import NAMESPACE
from runtime.ports import free_port
from tests.support.full_town import furnish

CHROMIUM = os.environ.get("JIESU_CHROMIUM", "/usr/bin/chromium")
_FLAGS = (
    "--no-sandbox", "--headless=new", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--no-first-run", "--disable-quic",
    "--disable-gpu", "--disable-dev-shm-usage", "--font-render-hinting=none",
)  # fmt: skip
_AXE = Path(__file__).parents[2] / "node_modules/axe-core/axe.min.js"
_RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]


@dataclass
class Site:
    """A running installation: its address, and staff accounts that act through the API."""

    url: str
    home: Path
    engine: str = "127.0.0.1:7233"
    _tokens: dict[tuple[Role, str | None], str] = field(default_factory=dict)
    _accounts: dict[tuple[Role, str | None], tuple[str, str]] = field(default_factory=dict)

    def account(self, role: Role, unit: str | None = None) -> tuple[str, str]:
        """Return the name and password of an account with this role."""
        if (role, unit) not in self._accounts:
            name = f"{role}-{unit or 'centre'}"
            # Several shipped cities have a unit of this name, so the served city is named.
            where = ["--unit", unit, "--city", "tongzhou"] if unit else []
            arguments = ["--role", role.value, *where]
            env = {"JIESU_HOME": str(self.home)}
            made = _jiesu("account", "create", name, *arguments, "--json", env=env)
            self._accounts[role, unit] = (name, self._chosen(name, json.loads(made)["password"]))
        return self._accounts[role, unit]

    def _chosen(self, name: str, value: str) -> str:
        """Replace the given first password by a chosen one, and return that."""
        chosen = f"{value} of my own"
        with httpx.Client(base_url=f"{self.url}/api/v1", timeout=30) as http:
            begun = http.post("/session", json={"name": name, "password": value}).json()
            changed = http.put(
                "/session/password",
                json={"old": value, "new": chosen},
                headers={"X-CSRF-Token": begun["csrf"]},
            )
        assert changed.status_code == 200, changed.text
        return chosen

    def jiesu(self, *arguments: str) -> str:
        """Run a command on the installation; return what it printed."""
        home = {"JIESU_HOME": str(self.home), "JIESU_CITIES": str(self.home.parent / "cities")}
        return _jiesu(*arguments, env=home)

    def token(self, role: Role, unit: str | None = None) -> str:
        """Return a token with this role."""
        if (role, unit) not in self._tokens:
            arguments = [
                "token",
                "create",
                "--role",
                role.value,
                *(["--unit", unit, "--city", "tongzhou"] if unit else []),
            ]
            made = _jiesu(*arguments, env={"JIESU_HOME": str(self.home)})
            self._tokens[role, unit] = made.strip()
        return self._tokens[role, unit]

    def post(
        self, path: str, body: Any = None, *, role: Role = Role.OFFICER, unit: str | None = "water"
    ) -> httpx.Response:
        """Send a request as staff, and return its successful answer."""
        unit = unit if role is Role.OFFICER else None
        answer = httpx.post(
            f"{self.url}/api/v1{path}",
            json={} if body is None else body,
            headers={"Authorization": f"Bearer {self.token(role, unit)}"},
            timeout=30,
        )
        assert answer.status_code < 300, answer.text
        return answer

    def get(self, path: str, *, role: Role) -> dict[str, Any]:
        """Read a resource as staff."""
        answer = httpx.get(
            f"{self.url}/api/v1{path}",
            headers={"Authorization": f"Bearer {self.token(role)}"},
            timeout=30,
        )
        assert answer.status_code == 200, answer.text
        payload: dict[str, Any] = answer.json()
        return payload

    def file(self, **changes: Any) -> dict[str, str]:
        """File a complaint for the water bureau, and return its number and access code."""
        body = {
            "city": "tongzhou",
            "text": "小区门口的河水又黑又臭，请尽快治理。",
            "category": "0301",
        }
        answer = httpx.post(f"{self.url}/api/v1/complaints", json=body | changes, timeout=30)
        assert answer.status_code == 201, answer.text
        payload = answer.json()
        return {"number": payload["number"], "code": payload["access_code"]}

    def seen(self, receipt: dict[str, str]) -> dict[str, Any]:
        """Return the ticket as its citizen sees it."""
        answer = httpx.get(
            f"{self.url}/api/v1/tickets/{receipt['number']}",
            headers={"Access-Code": receipt["code"]},
            timeout=30,
        )
        shown: dict[str, Any] = answer.json()
        return shown

    def reward(self, receipt: dict[str, str]) -> dict[str, Any]:
        """Return the points of a report as its citizen sees them."""
        answer = httpx.get(
            f"{self.url}/api/v1/tickets/{receipt['number']}/reward",
            headers={"Access-Code": receipt["code"]},
            timeout=30,
        )
        assert answer.status_code == 200, answer.text
        shown: dict[str, Any] = answer.json()
        return shown

    def until(self, receipt: dict[str, str], stage: str) -> dict[str, Any]:
        """Wait until the ticket is at this stage, and return it."""
        ends = time.monotonic() + 30
        while (shown := self.seen(receipt))["stage"] != stage:
            assert time.monotonic() < ends, f"{shown['stage']}, not {stage}"
            time.sleep(0.05)
        return shown

    def rated(self, receipt: dict[str, str], rating: dict[str, Any]) -> None:
        """Rate the answer as the ticket's citizen."""
        answer = httpx.post(
            f"{self.url}/api/v1/tickets/{receipt['number']}/rating",
            json=rating,
            headers={"Access-Code": receipt["code"]},
            timeout=30,
        )
        assert answer.status_code < 300, answer.text

    def run_job(self, name: str) -> None:
        """Run one of the maintenance jobs now, as its schedule does every few minutes."""

        async def trigger() -> None:
            client = await Client.connect(self.engine, namespace=NAMESPACE)
            await client.get_schedule_handle(name).trigger()

        # The browser's driver has an event loop in this thread.
        with ThreadPoolExecutor(1) as apart:
            apart.submit(asyncio.run, trigger()).result(60)

    def answered(self, reply: str = "已组织清淤，河水恢复清澈。", **changes: Any) -> dict[str, str]:
        """File and answer a complaint, whose citizen may then rate it."""
        receipt = self.file(**changes)
        self.until(receipt, "handle")
        self.post(f"/assignments/{receipt['number']}-1/complete", {"reply": reply})
        self.until(receipt, "rate")
        return receipt


_PATIENT = {
    "JIESU_FORM_SECONDS": "0",
    "JIESU_LIMIT_INTAKE": "1000/hour",
    "JIESU_LIMIT_SIGN_IN": "1000/hour",
    # Browsers may be notified, and the push service of tests is on this machine.
    "JIESU_PUSH_CONTACT": "mailto:hotline@example.org",
    "JIESU_OUTBOUND_ALLOW": "127.0.0.1",
}
"""Relaxed limits: tests fill in forms faster than people do, and all from one address."""


@contextmanager
def site(home: Path, cities: Path | None = None) -> Iterator[Site]:
    """Run `jiesu up` on free ports, with the cities of `cities` or else with Tongzhou alone."""
    if cities is None:
        cities = home / "cities"
        shutil.copytree(default_root() / "tongzhou", cities / "tongzhou")
        furnish(cities / "tongzhou")
    port, engine = free_port(), free_port()
    command = [
        sys.executable, "-m", "cli", "up", "--home", str(home / "home"), "--port", str(port),
        "--temporal-port", str(engine), "--cities", str(cities),
    ]  # fmt: skip
    log = home / "log"
    with log.open("wb") as output:
        running = subprocess.Popen(command, env=os.environ | _PATIENT, stdout=output, stderr=output)
        try:
            _until_healthy(f"http://127.0.0.1:{port}", running, log)
            yield Site(f"http://127.0.0.1:{port}", home / "home", f"127.0.0.1:{engine}")
        finally:
            running.terminate()
            try:
                running.wait(60)
            except subprocess.TimeoutExpired:
                running.kill()


def _until_healthy(url: str, running: subprocess.Popen[bytes], log: Path) -> None:
    ends = time.monotonic() + 300
    while time.monotonic() < ends:
        if running.poll() is not None:
            break
        try:
            if httpx.get(f"{url}/readyz", timeout=5).status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.2)
    raise RuntimeError(log.read_text("utf-8", "replace"))


def _jiesu(*arguments: str, env: dict[str, str]) -> str:
    ran = subprocess.run(
        [sys.executable, "-m", "cli", *arguments],
        env=os.environ | env,
        capture_output=True,
        text=True,
        check=True,
    )
    return ran.stdout


@contextmanager
def chromium() -> Iterator[Browser]:
    """Run Debian's Chromium with its background requests switched off."""
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=list(_FLAGS))
        yield browser
        browser.close()


def violations(page: Page) -> list[str]:
    """Return axe-core's findings against WCAG 2.2 A and AA, one line each."""
    page.evaluate(_AXE.read_text("utf-8"))
    value = page.evaluate(
        "(rules) => axe.run(document, {runOnly: rules, resultTypes: ['violations']})", _RULES
    )
    return [f"{one['id']}: {_where(one)}" for one in value["violations"]]


PHONE = {"width": 360, "height": 740}
"""A small phone."""


def phone_faults(page: Page, name: str, script: bool = True) -> list[str]:
    """Return what is wrong with a page as a small phone draws it now; axe needs a `script`."""
    found = [f"{name}: {fault}" for fault in violations(page)] if script else []
    wide = page.evaluate("document.documentElement.scrollWidth")
    return [*found, f"{name}: {wide} pixels wide"] if wide > PHONE["width"] else found


def _where(violation: dict[str, Any]) -> str:
    nodes = [node["html"][:160] for node in violation["nodes"]]
    return f"{nodes} {violation['nodes'][0].get('failureSummary', '')}"
