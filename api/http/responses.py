"""JSON answers, with the headers that all answers of the API have."""

from fastapi import Response
from pydantic import BaseModel

from app.filing.filing import Filed

# Citizens' texts may contain markup: browsers must not guess that it is HTML.
_GUARDED = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


def json_of(model: BaseModel, status: int = 200, **headers: str) -> Response:
    """Return a model as the response, without validating it again."""
    return json_text(model.model_dump_json(), status, **headers)


def json_text(text: str | bytes, status: int = 200, **headers: str) -> Response:
    """Return serialized JSON as the response. `Some_Header` becomes `Some-Header`.

    It is not cached, unless a `Cache_Control` says otherwise.
    """
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Response(text, status, _GUARDED | named, media_type="application/json")


def receipt_of(filed: Filed) -> Response:
    """Answer 201 with number and access code; 202 if the engine will start the ticket later."""
    replayed = {} if filed.new else {"Idempotent_Replayed": "true"}
    status = 201 if filed.started else 202
    return json_of(filed.receipt, status, Location=filed.receipt.status_url, **replayed)
