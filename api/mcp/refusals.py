"""Refusals as machines are told them: the stable codes of docs/reference/errors.md."""

import json
from typing import Any

import structlog
from mcp_types import CallToolResult, TextContent
from pydantic import ValidationError

from api.http.problem_responses import REFUSALS
from app.errors import CODES, FieldProblem, Problem

logger = structlog.stdlib.get_logger("jiesu.api")

REFUSED = (*REFUSALS, ValidationError)
"""The errors that are a refusal of what was asked, and no fault of ours."""

_OURS = ("store_error", "bad_key", "schema_unusable")
_LONGEST = 200


def refusal(error: Exception) -> CallToolResult:
    """Return the result of a tool that refused: `code`, what it means, and which fields are wrong.

    What was sent is not repeated: it may hold personal data.
    """
    if isinstance(error, ValidationError):
        error = Problem("invalid_request", errors=_faults(error))
    code: str = getattr(error, "code", "internal_error")
    if code in _OURS:
        logger.error("the store is unusable", code=code)
        code = "internal_error"
    row = CODES.get(code)
    content: dict[str, Any] = {
        "code": code,
        "title": row.title if row else "Not possible now.",
        "detail": str(error)[:_LONGEST] if code != "internal_error" else "",
    }
    faults = getattr(error, "errors", ())
    if faults:
        content["errors"] = [one.model_dump() for one in faults]
    text = TextContent(type="text", text=json.dumps(content, ensure_ascii=False))
    return CallToolResult(content=[text], structured_content=content, is_error=True)


def _faults(error: ValidationError) -> list[FieldProblem]:
    found = error.errors(include_input=False, include_url=False, include_context=False)
    return [
        FieldProblem(
            field=".".join(str(part) for part in one["loc"]) or "arguments",
            code=one["type"],
            message=one["msg"],
        )
        for one in found
    ]
