"""A program of the product whose store leaves commits to the machine, to measure the cost of syncs.

    python -m bench.unsynced worker

There is no setting for this, so that nothing that was answered is lost by mistake.
"""

import runpy
import sys
from typing import Any

import store.db.backends


def left_to_the_machine(connection: Any, _record: Any) -> None:
    """Sync only when the log is folded into the database."""
    connection.execute("PRAGMA synchronous=NORMAL")


def main(arguments: list[str]) -> None:
    store.db.backends._sync_commits = left_to_the_machine
    sys.argv = ["cli", *arguments]
    runpy.run_module("cli", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main(sys.argv[1:])
