"""What a story claims while it is played, where its tickets do not show it afterwards."""

from demo.stories.telling import StoryBroken


def must(holds: bool, broken: str) -> None:
    """Raises StoryBroken, saying what went otherwise."""
    if not holds:
        raise StoryBroken(broken)
