"""Assertions of a story that its tickets do not show afterwards."""

from demo.stories.telling import StoryBroken


def must(holds: bool, broken: str) -> None:
    """Raise StoryBroken with the message `broken` unless `holds`."""
    if not holds:
        raise StoryBroken(broken)
