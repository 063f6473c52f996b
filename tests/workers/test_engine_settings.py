"""Tests that every engine which the project starts has the settings that tickets count on."""

import json
import re
from pathlib import Path

from runtime.settings import Settings
from workers.stack import ENGINE_SETTINGS, engine_command

COMPOSED = Path(__file__).parents[2] / "docker" / "dynamicconfig.yaml"


def test_the_embedded_engine_is_started_with_them(tmp_path: Path) -> None:
    command = engine_command(Settings(home=tmp_path))
    given = [command[n + 1] for n, one in enumerate(command) if one == "--dynamic-config-value"]
    assert given == list(ENGINE_SETTINGS)


def test_the_composed_engine_has_the_same() -> None:
    written = dict(
        re.findall(r"^([\w.]+):\n  - value: (.+)$", COMPOSED.read_text(encoding="utf-8"), re.M)
    )
    for setting in ENGINE_SETTINGS:
        name, _, value = setting.partition("=")
        said = json.loads(value)
        assert written[name] == (said if isinstance(said, str) else value), name
