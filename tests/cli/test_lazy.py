"""Tests that `jiesu --help` shows each command's own help line without importing the command."""

import subprocess
import sys
from pathlib import Path

import pytest

from cli.lazy import load
from cli.main import COMMANDS

ROOT = Path(__file__).parents[2]
HEAVY = {"sqlalchemy", "temporalio", "fastapi", "pydantic", "domain", "store", "api", "workers"}


@pytest.mark.parametrize("name", COMMANDS)
def test_the_list_says_what_the_command_says(name: str) -> None:
    command = load(name, COMMANDS[name])
    paragraph = " ".join(command.help.partition("\n\n")[0].split())
    assert command.name == name
    assert paragraph == COMMANDS[name].help


def test_help_reads_no_command() -> None:
    code = (
        "import sys; from cli.main import app; app(['--help'], standalone_mode=False);"
        f"sys.exit(str(sorted({HEAVY!r} & set(sys.modules)) or ''))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.stderr.strip() == ""
    assert "doctor" in done.stdout


def test_what_is_logged_does_not_mix_with_what_was_asked_for_and_is_masked() -> None:
    code = (
        "import structlog, typer, cli.version; from cli.main import main\n"
        "def version():\n"
        "    structlog.stdlib.get_logger('jiesu.test').warning('who', phone='13812345678')\n"
        "    typer.echo('{}')\n"
        "cli.version.version = version; main(['version'])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout == "{}\n"
    assert "who" in done.stderr
    assert "13812345678" not in done.stderr
