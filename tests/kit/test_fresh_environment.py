"""The example of a department runs where only the kit is installed."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from domain.actors import Role
from domain.ticket.assignment import HandlingResult, WorkOrder
from domain.ticket.said import Said
from jiesu_department import CitizenSaid, UnitOrder, UnitResult
from runtime.ports import free_port
from runtime.settings import Settings
from store.db.engine import Store
from store.identity import tokens
from tests.support.cities import with_unit_queue
from workers.stack import Stack

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "docs/examples/water_department.py"
COMPLAINT = {"city": "tongzhou", "text": "小区门口的河又黑又臭。", "category": "0301"}


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the Python of an environment with the kit's wheel and what it depends on."""
    folder = tmp_path_factory.mktemp("kit")
    built = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(built, cwd=ROOT / "kit", check=True, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    subprocess.run([sys.executable, "-m", "venv", str(folder / "venv")], check=True)
    python = folder / "venv/bin/python"
    # At the versions that the lock names: they are on this machine already.
    locked = (ROOT / "requirements.lock").read_text(encoding="utf-8").splitlines()
    pins = [line.split()[0] for line in locked if "==" in line and not line.startswith((" ", "#"))]
    (folder / "pins.txt").write_text("\n".join(pins), encoding="utf-8")
    installing = [
        sys.executable, "-m", "uv", "pip", "install", "--quiet", "--python", str(python),
        "--constraint", str(folder / "pins.txt"), str(wheel),
    ]  # fmt: skip
    subprocess.run(installing, check=True, capture_output=True)
    return python


def _run(python: Path, code: str) -> str:
    env = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    done = subprocess.run(
        [str(python), "-c", code], env=env, cwd="/", capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def test_nothing_of_the_system_is_installed_with_it(fresh: Path) -> None:
    code = (
        "import importlib.util as u, jiesu_department\n"
        "print([n for n in ('domain', 'workers', 'api', 'fastapi', 'sqlalchemy', 'PIL') "
        "if u.find_spec(n)])"
    )
    assert _run(fresh, code) == "[]"


@pytest.mark.timeout(600)
async def test_the_example_handles_a_ticket(fresh: Path, tmp_path: Path) -> None:
    await asyncio.to_thread(with_unit_queue, tmp_path / "cities", "water", "program")
    engine = f"127.0.0.1:{free_port()}"
    settings = Settings(
        home=tmp_path / "home", api_port=free_port(), temporal_address=engine,
        cities=tmp_path / "cities",
    )  # fmt: skip
    stack = Stack(settings, say=lambda line: None)
    async with stack.running(), httpx.AsyncClient(base_url=stack.url, timeout=15) as http:
        store = Store.open(settings.store)
        _, token = await tokens.issue(store, Role.OFFICER, "water", "program", city="tongzhou")
        await store.close()
        env = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
        env |= {"JIESU_API": stack.url, "JIESU_ENGINE": engine, "JIESU_TOKEN": token}
        program = await asyncio.create_subprocess_exec(str(fresh), str(EXAMPLE), cwd="/", env=env)
        try:
            filed = (await http.post("/api/v1/complaints", json=COMPLAINT)).json()
            code = {"Access-Code": filed["access_code"]}
            async with asyncio.timeout(120):
                while True:
                    path = f"/api/v1/tickets/{filed['number']}"
                    ticket = (await http.get(path, headers=code)).json()
                    if ticket["stage"] == "rate":
                        break
                    await asyncio.sleep(0.1)
        finally:
            program.terminate()
            await program.wait()
    assert ticket["reply"] == f"水务局已处理，内部编号 {filed['number']}/1。"


def test_an_order_and_a_result_have_the_fields_of_the_system() -> None:
    """The kit has models of its own, because it takes nothing of the system with it."""
    assert set(UnitOrder.model_fields) == set(WorkOrder.model_fields)
    assert set(CitizenSaid.model_fields) == set(Said.model_fields)
    assert set(UnitResult.model_fields) == set(HandlingResult.model_fields)
    unit_result = UnitResult(reply="已办理。", resolved=False, by="program:water")
    assert (
        HandlingResult.model_validate(unit_result.model_dump()).model_dump()
        == unit_result.model_dump()
    )
