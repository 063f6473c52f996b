"""The installed release."""

from functools import cache
from importlib.metadata import PackageNotFoundError, version


@cache
def release() -> str:
    """Return the installed version of this project; "0" if it is not installed."""
    try:
        return version("jiesu")
    except PackageNotFoundError:
        return "0"
