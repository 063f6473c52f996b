"""Tests of a short benchmark run on the real stack in a temporary home."""

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from bench import report

_ROOT = Path(__file__).parents[2]


def _bench(*arguments: str) -> dict[str, Any]:
    with tempfile.TemporaryFile("w+", encoding="utf-8") as out:
        done = subprocess.run(
            [sys.executable, "-m", "bench", *arguments, "--json"],
            cwd=_ROOT,
            stdout=out,
            stderr=subprocess.PIPE,
            text=True,
            timeout=200,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        out.seek(0)
        values: dict[str, Any] = json.load(out)
    return values


def _shown(show: Any, *values: Any) -> str:
    out = Console(record=True, width=160)
    show(out, *values)
    return out.export_text()


@pytest.mark.timeout(240)
def test_a_run_measures_floor_and_product_and_says_so_in_a_table() -> None:
    values = _bench("--quick", "--clients", "2", "--seconds", "0.5")
    assert values["floor"]["2"] > 0
    assert values["product"]["2"] > 0
    assert values["ratio"]["2"] > 0
    assert values["history"]["events"] == 41
    assert values["accept_ms"]["p99"] >= values["accept_ms"]["p50"] > 0
    assert set(values["rss_mb"]) == {"engine", "worker", "api"}
    assert values["lifecycles"] >= 15 + 1
    shown = _shown(report.show_figures, values)
    assert "product over HTTP" in shown
    assert "41 events" in shown


@pytest.mark.timeout(240)
def test_open_tickets_stay_open_and_are_counted() -> None:
    values = _bench("open", "--tickets", "20", "--seconds", "1")
    assert values["tickets"] == 20 + 5 + 5 + 5
    assert values["worker_and_api_mb"] > 50
    assert "worker and API together" in _shown(report.show_crowd, values)


@pytest.mark.timeout(240)
def test_a_profile_names_functions_of_worker_and_api() -> None:
    values = _bench("profile", "--clients", "2", "--seconds", "1")
    assert any("workflows/ticket.py" in name for name in values["processes"]["worker"]["whole"])
    assert any("api/rest/intake.py" in name for name in values["processes"]["api"]["whole"])
    assert "calls" in _shown(report.show_profile, values, 3)
