"""A recorder of golden histories: `python -m tests.golden.record [SCENARIO ...]`.

Run it when a workflow's command sequence has changed on purpose, behind `workflow.patched`. A new
history is written beside the older ones, which are never deleted: open tickets have the same
history.
"""

import asyncio
import json
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from audit.runs import fetch
from runtime.engine import CONVERTER, with_converter
from store.db import schema
from store.db.engine import Store, default_url
from tests.golden.fingerprint import fingerprint
from tests.golden.scenarios import SCENARIOS
from tests.support.engine import connect_to, engine_server, platform

FOLDER = Path(__file__).parent / "histories"


async def record(names: list[str], address: str, home: Path) -> None:
    await schema.upgrade(default_url(home))
    store = Store.open(default_url(home))
    # Not encrypted: they must replay on every machine, without its keys.
    client = with_converter(await connect_to(address), CONVERTER)
    today = f"{datetime.now(UTC):%Y%m%d}"
    async with platform(client, store) as engine:
        for name in names:
            ticket = await SCENARIOS[name](engine)
            await ticket.handle.result()
            runs = await fetch(client, ticket.number)
            items = [_without_places(history.to_json_dict()) for history in runs]
            path = _unused(f"{name}.{today}")
            path.write_text(
                json.dumps(
                    {
                        "workflow_id": runs[0].workflow_id,
                        "fingerprint": fingerprint(runs),
                        **({"history": items[0]} if len(items) == 1 else {"histories": items}),
                    },
                    ensure_ascii=False,
                    indent=1,
                )
                + "\n",
                encoding="utf-8",
            )
            sys.stdout.write(f"{path.name}: {[len(run.events) for run in runs]} events\n")
    await store.close()


def _unused(stem: str) -> Path:
    """Return a file that does not exist: a history that was recorded the same day stays."""
    names = (stem, *(f"{stem}-{n}" for n in range(2, 100)))
    return next(path for name in names if not (path := FOLDER / f"{name}.json").exists())


def _without_places(told: Any) -> Any:
    """Drop the stack traces, which contain paths of the machine that recorded them."""
    if isinstance(told, dict):
        return {key: _without_places(value) for key, value in told.items() if key != "stackTrace"}
    return [_without_places(value) for value in told] if isinstance(told, list) else told


def main() -> None:
    names = sys.argv[1:] or list(SCENARIOS)
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as home, engine_server(Path(home) / "log") as address:
        asyncio.run(record(names, address, Path(home)))


if __name__ == "__main__":
    main()
