"""The release that runs."""

from functools import cache
from importlib.metadata import PackageNotFoundError, version


@cache
def release() -> str:
    """The installed version of this project; "0" in a folder that is not installed."""
    try:
        return version("jiesu")
    except PackageNotFoundError:
        return "0"
