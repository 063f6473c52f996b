"""Refusals a workflow may see: told apart from a world that is merely away for a while."""

from temporalio.exceptions import ApplicationError


def refusal(code: str, message: str) -> ApplicationError:
    """An error that is the asker's: not retried, and told with its stable code."""
    return ApplicationError(message, type=code, non_retryable=True)


def too_far(what: str) -> ApplicationError:
    """The refusal of a time that reaches beyond the year 9999."""
    return refusal("too_far", f"{what} is too far away: choose a shorter time.")
