"""The extra `insight`: what learning needs, and using a model does not."""

from importlib.util import find_spec


class LearningMissing(RuntimeError):
    """The extra `insight` is not installed."""

    code = "learning_missing"

    def __init__(self) -> None:
        super().__init__("learning needs the extra insight: pip install 'jiesu[insight]'")


def check_learning() -> None:
    """Raise LearningMissing unless what learning needs is installed."""
    if find_spec("sklearn") is None:
        raise LearningMissing
