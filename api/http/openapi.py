"""The OpenAPI document: derived from the routes by FastAPI, with our additions."""

from collections.abc import Callable
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from api.http.problem_responses import ProblemDetails

DESCRIPTION = """
Complaints of a city's service line, from filing to rating. Errors are `application/problem+json`
(RFC 9457) with a stable `code`. Lists are read page by page with `cursor`. A request that changes
something may carry an `Idempotency-Key`; repeated with the same key, nothing happens twice.
"""

TAGS = [
    {"name": "Citizens", "description": "Filing, following and rating a complaint."},
    {"name": "Staff", "description": "What operators, dispatchers, officers and supervisors do."},
    {"name": "Files", "description": "Photos, videos, voices and PDFs: uploading, handing out."},
    {"name": "Units", "description": "A unit's inbox, and completing an assignment."},
    {"name": "Sessions", "description": "Signing in and out."},
    {"name": "Audit", "description": "Tickets by their histories, beside their records."},
    {"name": "Administration", "description": "Accounts, tokens, packs, and what waits."},
    {"name": "Cities", "description": "Public: catalogues and indicators."},
    {"name": "Operation", "description": "For those who run it."},
]


def document(app: FastAPI) -> Callable[[], dict[str, Any]]:
    """Return a function that builds the document once and then returns it."""

    def made() -> dict[str, Any]:
        if app.openapi_schema is None:
            schema = get_openapi(
                title=app.title,
                version=app.version,
                description=DESCRIPTION.strip(),
                routes=app.routes,
                tags=TAGS,
            )
            _add_problem(schema)
            app.openapi_schema = schema
        return app.openapi_schema

    return made


def _add_problem(schema: dict[str, Any]) -> None:
    """Add the schema of errors: routes refer to it by name, because its media type is its own."""
    made = ProblemDetails.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas = schema.setdefault("components", {}).setdefault("schemas", {})
    schemas.update(made.pop("$defs", {}))
    schemas["ProblemDetails"] = made
