"""A department's side of encryption: it has no keys; the city's API encrypts and decrypts.

The API decrypts only orders to the unit of the token.
"""

from collections.abc import Sequence

import httpx
from google.protobuf.json_format import MessageToJson, Parse
from temporalio.api.common.v1 import Payload, Payloads
from temporalio.converter import PayloadCodec, SerializationContext, WithSerializationContext

_ENCRYPTED = b"binary/encrypted"
_TICKET = "ticket/"


class RemoteCodec(PayloadCodec, WithSerializationContext):
    """A codec that calls the API through `http`, which has its base URL and the token.

    An API that is away is a temporary error: the order is retried.
    """

    def __init__(self, http: httpx.AsyncClient, number: str | None = None) -> None:
        self._http = http
        self._number = number

    def with_context(self, context: SerializationContext) -> "RemoteCodec":
        workflow = getattr(context, "workflow_id", None) or ""
        number = workflow.removeprefix(_TICKET) if workflow.startswith(_TICKET) else None
        return self if number == self._number else RemoteCodec(self._http, number)

    async def encode(self, payloads: Sequence[Payload]) -> list[Payload]:
        return await self._ask("encode", payloads) if payloads else []

    async def decode(self, payloads: Sequence[Payload]) -> list[Payload]:
        if any(each.data and each.metadata.get("encoding") != _ENCRYPTED for each in payloads):
            raise ValueError("an order that is not encrypted is not the city's")
        return await self._ask("decode", payloads) if payloads else []

    async def _ask(self, what: str, payloads: Sequence[Payload]) -> list[Payload]:
        answer = await self._http.post(
            f"/codec/{what}",
            content=MessageToJson(Payloads(payloads=payloads), indent=None),
            headers={"Content-Type": "application/json", "Jiesu-Ticket": self._number or ""},
        )
        answer.raise_for_status()
        return list(Parse(answer.text, Payloads()).payloads)


def api_client(api: str, token: str) -> httpx.AsyncClient:
    """Return a client of the API at `api` that authenticates with `token`."""
    return httpx.AsyncClient(
        base_url=api, headers={"Authorization": f"Bearer {token}"}, timeout=10.0
    )
