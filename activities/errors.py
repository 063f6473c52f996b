"""Refusals a workflow may see: told apart from a world that is merely away for a while."""

from temporalio.exceptions import ApplicationError


def refusal(code: str, message: str) -> ApplicationError:
    """An error that is the asker's: not retried, and told with its stable code."""
    return ApplicationError(message, type=code, non_retryable=True)
