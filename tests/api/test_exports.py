"""Tests of exports: who may have which, what is in them, and that a part is no whole."""

import asyncio
import csv
import io
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

import httpx
import openpyxl
import pytest
from pyarrow import parquet
from sqlalchemy import update

from app.exports import exporting
from app.exports import scratch as scratches
from app.exports.columns import COLUMNS, columns
from app.exports.exporting import Export, write
from app.exports.scratch import scratch, sweep
from app.exports.writers import ExportFormat
from domain.actors import Actor, Role
from store.db import tables
from store.db.engine import Store
from store.identity import tokens
from store.secrets.vault import Vault
from store.tickets import exported, view_log
from tests.api.running_api import Api, problem
from tests.store.population import Busy
from tests.store.stories import complaint, project
from tests.support.cities import SHIPPED
from tests.support.engine import RING

PATH = "/api/v1/cities/tongzhou/export"
PHONE = "13800001234"


async def get(api: Api, role: Role = Role.SUPERVISOR, **params: Any) -> httpx.Response:
    return await api.http.get(PATH, params=params, headers=await api.token(role))


def rows(answer: httpx.Response) -> list[dict[str, str]]:
    assert answer.status_code == 200, answer.text
    return list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))


async def test_every_format_has_the_same_tickets(api: Api, tmp_path: Path) -> None:
    ticket = await api.file(title="=HYPERLINK(1)", text="河水发臭", contact={"phone": PHONE})
    await ticket.until_stage("handle")
    (row,) = rows(await get(api))
    assert row["number"] == ticket.number
    assert row["title"] == "'=HYPERLINK(1)"
    assert "phone" not in row
    book = openpyxl.load_workbook(io.BytesIO((await get(api, format="xlsx")).content))
    head, line = list(book.worksheets[0].iter_rows(values_only=True))
    cells = dict(zip(head, line, strict=True))
    assert (cells["number"], cells["title"]) == (ticket.number, "'=HYPERLINK(1)")
    path = tmp_path / "export.parquet"
    path.write_bytes((await get(api, format="parquet")).content)
    (told,) = parquet.read_table(path).to_pylist()
    assert (told["number"], told["title"]) == (ticket.number, "=HYPERLINK(1)")
    assert isinstance(told["filed_at"], datetime)
    (request,) = json.loads((await get(api, format="open311")).content)
    assert (request["service_request_id"], request["status"]) == (ticket.number, "open")
    assert request["requested_datetime"] == told["filed_at"].isoformat(timespec="seconds")


async def test_words_are_covered_unless_personal_data_are_asked_for_and_noted(api: Api) -> None:
    ticket = await api.file(text=f"请打 {PHONE}", contact={"phone": PHONE, "name": "王"})
    await ticket.until_stage("handle")
    plain = await get(api)
    assert PHONE not in plain.text
    assert [
        one for one in await view_log.views(api.store, ticket.number) if "phone" in one.fields
    ] == []
    assert (await get(api, personal="true")).status_code == 422
    (row,) = rows(await get(api, personal="true", purpose="回访"))
    assert (row["phone"], row["name"]) == (PHONE, "王")
    assert PHONE in row["text"]
    (seen,) = await view_log.views(api.store, ticket.number)
    assert (seen.purpose, seen.role, sorted(seen.fields)) == (
        "回访",
        Role.SUPERVISOR,
        ["name", "phone"],
    )


async def test_only_who_may_has_an_export(api: Api) -> None:
    for role in (Role.DESK, Role.DISPATCHER):
        assert problem(await get(api, role)) == (403, "forbidden")
    for role in (Role.AUDITOR, Role.ADMIN):
        assert (await get(api, role)).status_code == 200
        assert problem(await get(api, role, personal="true", purpose="x")) == (403, "forbidden")
    assert problem(await get(api, Role.ADMIN, reports="true")) == (403, "forbidden")
    elsewhere = await api.token(Role.SUPERVISOR, city="heping")
    assert problem(await api.http.get(PATH, headers=elsewhere)) == (403, "not_your_city")
    reading = await api.http.get(PATH, params={"since": "2026-02-02", "until": "2026-02-01"},
                                 headers=await api.token(Role.SUPERVISOR))  # fmt: skip
    assert problem(reading)[0] == 422


async def test_reports_of_wrongdoing_come_on_demand_and_never_with_their_people(api: Api) -> None:
    report = await api.unclear(kind="report", contact={"phone": PHONE})
    await report.until_stage("triage")
    assert rows(await get(api)) == []
    assert rows(await get(api, personal="true", purpose="x")) == []
    (row,) = rows(await get(api, reports="true", personal="true", purpose="x"))
    assert (row["number"], row["of_wrongdoing"], row["phone"]) == (report.number, "true", "")
    assert "phone" not in str(await view_log.views(api.store, report.number))


async def test_no_ticket_says_that_it_was_merged_into_a_report(api: Api) -> None:
    into, merged = await api.file(), await api.file()
    for one in (into, merged):
        await one.until_stage("handle")
    of = tables.ticket.c
    await api.store.change(
        update(tables.ticket).where(of.number == merged.number).values(parent=into.number)
    )
    told = {one["number"]: one for one in rows(await get(api, Role.ADMIN))}
    assert told[merged.number]["parent"] == into.number
    await api.store.change(
        update(tables.ticket).where(of.number == into.number).values(of_wrongdoing=True)
    )
    answer = await get(api, Role.ADMIN)
    assert [one["parent"] for one in rows(answer)] == [""]
    assert into.number not in answer.text
    every = {one["number"]: one for one in rows(await get(api, reports="true"))}
    assert every[merged.number]["parent"] == into.number


async def test_an_export_ends_when_its_token_is_revoked(api: Api) -> None:
    for _ in range(3):
        await (await api.file()).until_stage("handle")
    token, text = await tokens.issue(api.store, Role.SUPERVISOR, None, "reader")
    headers, whole = {"Authorization": f"Bearer {text}"}, exported.pages
    told: list[Any] = []

    async def one_by_one(store: Store, period: Any) -> AsyncIterator[Any]:
        async for page in whole(store, period, 1):
            if told:
                await tokens.revoke(store, token)
            told.append(page)
            yield page

    with patch.object(exporting, "pages", one_by_one):
        answer = await api.http.get(PATH, headers=headers)
    assert len(told) == 2
    assert [one["number"] for one in rows(answer)] == [told[0][0].number]
    assert told[1][0].number not in answer.text


async def test_a_period_is_days_of_the_city(api: Api) -> None:
    ticket = await api.file()
    await ticket.until_stage("handle")
    today = datetime.now(SHIPPED.get("tongzhou").calendar.tz).date()
    for since, until, count in ((0, 0, 1), (1, 2, 0), (-2, -1, 0), (-1, 1, 1)):
        days: dict[str, Any] = {
            "since": str(today + timedelta(days=since)),
            "until": str(today + timedelta(days=until)),
        }
        assert len(rows(await get(api, **days))) in ({count} if abs(since) != 1 else {0, 1})


async def test_the_dictionary_names_every_column(api: Api) -> None:
    answer = await api.http.get(
        "/api/v1/exports/dictionary?personal=true", headers=await api.token(Role.AUDITOR)
    )
    told = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert [one["column"] for one in told] == [one.name for one in COLUMNS]
    assert {one["column"] for one in told if one["personal"] == "yes"} == {
        "name", "phone", "email", "home",
    }  # fmt: skip


# --- files ------------------------------------------------------------------------------------


def wanted(
    store: Store, form: ExportFormat, viewer: Actor | None = None, folder: Path | None = None
) -> Export:
    return Export(
        store, Vault(RING), SHIPPED.get("tongzhou"), form, None, None, False, datetime.now(UTC),
        viewer, "x", folder=folder or Path("no folder is needed for this"),
    )  # fmt: skip


async def _many(store: Store, count: int) -> list[str]:
    numbers = []
    for n in range(count):
        one = Busy(complaint(number=f"26030200{n:05d}", city="tongzhou", title=f"T{n}"))
        await project(store, one.answered_by("water"))
        numbers.append(one.number)
    return numbers


async def test_many_pages_are_one_file(store: Store, tmp_path: Path) -> None:
    numbers = await _many(store, 23)
    with patch.object(exported, "PAGE", 5):
        async for page in exported.pages(
            store, exported.ExportedPeriod("tongzhou", None, None, False), 5
        ):
            assert len(page) <= 5
    path = tmp_path / "all.csv"
    await write(wanted(store, ExportFormat.CSV), path)
    told = list(csv.DictReader(io.StringIO(path.read_text("utf-8-sig"))))
    assert sorted(one["number"] for one in told) == sorted(numbers)
    assert (tmp_path / "all.csv.dictionary.csv").exists()
    assert not (tmp_path / "all.csv.part").exists()
    assert path.stat().st_mode & 0o077 == 0  # nobody else on the machine reads it


@pytest.mark.parametrize("form", list(ExportFormat))
async def test_what_is_broken_off_is_no_file(
    store: Store, tmp_path: Path, form: ExportFormat
) -> None:
    await _many(store, 3)
    path, before = tmp_path / "all", b"an older export"
    path.write_bytes(before)
    whole = exported.pages

    async def broken(*arguments: Any) -> AsyncIterator[Any]:
        async for page in whole(*arguments):
            yield page
            raise asyncio.CancelledError

    with patch.object(exporting, "pages", broken), pytest.raises(asyncio.CancelledError):
        await write(wanted(store, form, folder=tmp_path / "exports"), path)
    assert path.read_bytes() == before
    assert not path.with_name("all.part").exists()


def test_personal_columns_are_those_of_the_vault() -> None:
    assert len(columns(True)) - len(columns(False)) == 4


# --- where they are made ----------------------------------------------------------------------

WHOLE = (ExportFormat.XLSX, ExportFormat.PARQUET)


@pytest.mark.parametrize("form", WHOLE)
async def test_nothing_of_an_export_lies_in_the_folder_of_all_programs(
    sqlite_store: Store, tmp_path: Path, form: ExportFormat
) -> None:
    await _many(sqlite_store, 5)
    folder = tmp_path / "home" / "exports"
    with patch.object(tempfile, "tempdir", str(tmp_path / "nowhere")):
        made = wanted(sqlite_store, form, folder=folder).stream()
        whole = await anext(made)
        (place,) = folder.iterdir()
        for one in (folder, place, *place.iterdir()):
            assert one.stat().st_mode & 0o077 == 0, f"others read {one.name}"
        whole += b"".join([piece async for piece in made])
    assert list(folder.iterdir()) == [], "it goes when it was sent"
    path = tmp_path / "made"
    path.write_bytes(whole)
    if form is ExportFormat.PARQUET:
        assert parquet.read_table(path).num_rows == 5
    else:
        assert openpyxl.load_workbook(io.BytesIO(whole)).worksheets[0].max_row == 6


@pytest.mark.parametrize("form", WHOLE)
async def test_it_goes_when_nobody_takes_it(
    sqlite_store: Store, tmp_path: Path, form: ExportFormat
) -> None:
    await _many(sqlite_store, 2)
    made = wanted(sqlite_store, form, folder=tmp_path / "exports").stream()
    await anext(made)
    await made.aclose()
    assert list((tmp_path / "exports").iterdir()) == []


def test_what_a_killed_process_left_goes_and_what_is_made_stays(tmp_path: Path) -> None:
    folder = tmp_path / "exports"
    making = (
        "import os, sys; from pathlib import Path; from app.exports.scratch import scratch\n"
        "with scratch(Path(sys.argv[1])) as place:\n"
        "    (place / 'export').write_text('somebody'); print('made', flush=True)\n"
        "    sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", making, str(folder)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        assert process.stdout.readline() == b"made\n"
        with scratch(folder):
            assert len(list(folder.iterdir())) == 2
        (left,) = folder.iterdir()
        process.kill()
        process.wait()
    assert (left / "export").exists(), "a killed process deletes nothing"
    assert sweep(folder) == 1
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("form", WHOLE)
async def test_a_full_disk_is_said_before_anything_is_sent(api: Api, form: ExportFormat) -> None:
    full = shutil.disk_usage("/")._replace(free=scratches.LEAST_FREE - 1)
    with patch("app.exports.scratch.shutil.disk_usage", lambda _: full):
        assert problem(await get(api, format=form.value)) == (507, "export_no_room")
        assert (await get(api)).status_code == 200, "a table is streamed, and needs no room"
    assert (await get(api, format=form.value)).status_code == 200
