"""Parameters that several routes have: identifiers, and callers by their right."""

from typing import Annotated

from fastapi import Path

from api.http.access import staff
from app.access.caller import Caller

ACCOUNT_MANAGER = Annotated[Caller, staff("manage_accounts")]


AccountId = Annotated[
    str,
    Path(
        pattern="^[0-9a-f]{12}$",
        description="The id of the account.",
        examples=["0123456789ab"],
    ),
]


TOKEN_MANAGER = Annotated[Caller, staff("manage_tokens")]


TokenId = Annotated[
    str, Path(pattern="^[0-9a-f]{12}$", description="The id of the token, not the token.")
]


WEBHOOK_MANAGER = Annotated[Caller, staff("manage_webhooks")]


WebhookId = Annotated[
    str,
    Path(
        pattern="^wh_[0-9a-f]{16}$",
        description="The id of the subscription.",
        examples=["wh_0123456789abcdef"],
    ),
]


READER = Annotated[Caller, staff("see_packs")]


SEES = Annotated[Caller, staff("see_installation")]


SessionId = Annotated[
    str,
    Path(
        pattern="^[0-9a-f]{16}$",
        description="The id of one of one's own sessions.",
        examples=["0123456789abcdef"],
    ),
]
