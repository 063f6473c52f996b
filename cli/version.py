"""`jiesu version`."""

from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as installed

import typer


def version() -> None:
    """Print the versions of Jiesu and of its engine."""
    versions = []
    for name in ("jiesu", "temporalio"):
        try:
            versions.append(f"{name} {installed(name)}")
        except PackageNotFoundError:
            versions.append(f"{name} (from its source)")
    typer.echo(", ".join(versions))
