"""A program of the product with payloads left in the clear: what encryption costs is measured so.

    python -m bench.plain worker

There is no setting for this: nobody's tickets are to be left readable by a slip.
"""

import runpy
import sys

from temporalio.converter import DataConverter

import runtime.engine
from runtime.codec import Keys


def in_the_clear(keys: Keys) -> DataConverter:
    """What the product used before there were keys."""
    return runtime.engine.CONVERTER


def main(arguments: list[str]) -> None:
    runtime.engine.encrypting = in_the_clear
    sys.argv = ["cli", *arguments]
    runpy.run_module("cli", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main(sys.argv[1:])
