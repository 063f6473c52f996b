"""A program of the product with unencrypted payloads, to measure the cost of encryption.

    python -m bench.plain worker

There is no setting for this, so that no ticket is left unencrypted by mistake.
"""

import runpy
import sys

from temporalio.converter import DataConverter

import runtime.engine
from runtime.codec import Keys


def in_the_clear(keys: Keys) -> DataConverter:
    """Return the data converter without encryption."""
    return runtime.engine.CONVERTER


def main(arguments: list[str]) -> None:
    runtime.engine.encrypting = in_the_clear
    sys.argv = ["cli", *arguments]
    runpy.run_module("cli", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main(sys.argv[1:])
