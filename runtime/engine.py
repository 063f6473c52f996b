"""The engine's client: one data converter for client, worker, replayer and async completion."""

from datetime import timedelta
from pathlib import Path
from typing import Self

from google.protobuf.duration_pb2 import Duration
from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.namespace.v1 import NamespaceConfig
from temporalio.api.operatorservice.v1 import (
    AddSearchAttributesRequest,
    ListSearchAttributesRequest,
)
from temporalio.api.workflowservice.v1 import (
    DescribeNamespaceRequest,
    RegisterNamespaceRequest,
    UpdateNamespaceRequest,
)
from temporalio.client import AsyncActivityHandle, Client
from temporalio.contrib.pydantic import PydanticPayloadConverter
from temporalio.converter import (
    ActivitySerializationContext,
    CompositePayloadConverter,
    DataConverter,
    DefaultFailureConverterWithEncodedAttributes,
    PayloadCodec,
    SerializationContext,
    WithSerializationContext,
)
from temporalio.service import RPCError, RPCStatusCode, TLSConfig

from runtime.codec import Keys, TicketCodec
from runtime.names import SEARCH_ATTRIBUTES, ticket_workflow_id
from runtime.settings import Settings

# Built once: the library makes a converter per payload context, dozens of times per ticket,
# and would build the Pydantic adapters of every type anew each time.
_PARTS = tuple(PydanticPayloadConverter().converters.values())


class SharedPydanticConverter(CompositePayloadConverter):
    """A Pydantic converter whose adapters are shared by all converters of this process."""

    def __init__(self) -> None:
        super().__init__(*_PARTS)


CONVERTER = DataConverter(payload_converter_class=SharedPydanticConverter)
"""The converter of clients that only observe: it cannot decrypt tickets."""


class SealedConverter(DataConverter):
    """A converter whose codec alone depends on the context: all else is shared by contexts."""

    def with_context(self, context: SerializationContext) -> Self:
        before: object = self.payload_codec
        if not isinstance(before, WithSerializationContext):
            return self
        codec = before.with_context(context)
        if codec is before:
            return self
        converter = object.__new__(type(self))
        converter.__dict__.update(self.__dict__, payload_codec=codec)
        return converter


def encrypting(keys: Keys) -> DataConverter:
    """Return the converter of all that works with tickets: client, worker, replayer.

    Messages and stack traces of failures are encrypted like everything else.
    """
    return encrypting_with(TicketCodec(keys))


def encrypting_with(codec: PayloadCodec) -> DataConverter:
    """Return the converter of `encrypting` with another codec."""
    return SealedConverter(
        payload_converter_class=SharedPydanticConverter,
        payload_codec=codec,
        failure_converter_class=DefaultFailureConverterWithEncodedAttributes,
    )


async def connect(
    settings: Settings, converter: DataConverter = CONVERTER, *, lazy: bool = False
) -> Client:
    """Return a client for this installation's engine. `lazy`: connect at the first call.

    Raises:
        OSError: a certificate cannot be read.
        RuntimeError: the engine does not answer, or its certificate is not the right one.
    """
    secret = settings.temporal_api_key
    return await Client.connect(
        settings.temporal_address,
        namespace=settings.temporal_namespace,
        data_converter=converter,
        lazy=lazy,
        tls=_tls(settings),
        api_key=secret.get_secret_value() if secret else None,
    )


def _tls(settings: Settings) -> TLSConfig | bool:
    """Return how the connection is encrypted, and who the engine has to be; False: it is not."""
    if not settings.engine_encrypted:
        return False

    def content(path: Path | None) -> bytes | None:
        return path.read_bytes() if path else None

    return TLSConfig(
        server_root_ca_cert=content(settings.temporal_ca),
        domain=settings.temporal_server_name or None,
        client_cert=content(settings.temporal_cert),
        client_private_key=content(settings.temporal_cert_key),
    )


def with_converter(client: Client, converter: DataConverter) -> Client:
    """Return another client on the same connection."""
    return Client(client.service_client, namespace=client.namespace, data_converter=converter)


def waiting_work(client: Client, number: str, activity_id: str) -> AsyncActivityHandle:
    """Return a handle to complete the assignment that waits under this id.

    The library does not know the workflow of a handle by id: without the context set here, the
    result would not be encrypted with the ticket's own key.
    """
    workflow_id = ticket_workflow_id(number)
    context = ActivitySerializationContext(
        namespace=client.namespace,
        activity_id=activity_id,
        activity_type=None,
        activity_task_queue=None,
        workflow_id=workflow_id,
        workflow_type=None,
        is_local=False,
    )
    return client.get_async_activity_handle(
        workflow_id=workflow_id, run_id=None, activity_id=activity_id
    ).with_context(context)


async def prepare_namespace(client: Client, retention: timedelta) -> None:
    """Create the namespace if it is missing; set its retention and search attributes.

    Safe to run at every start.
    """
    duration = Duration(seconds=int(retention.total_seconds()))
    service = client.workflow_service
    try:
        await service.describe_namespace(DescribeNamespaceRequest(namespace=client.namespace))
        await service.update_namespace(
            UpdateNamespaceRequest(
                namespace=client.namespace,
                config=NamespaceConfig(workflow_execution_retention_ttl=duration),
            )
        )
    except RPCError as error:
        if error.status is not RPCStatusCode.NOT_FOUND:
            raise
        await service.register_namespace(
            RegisterNamespaceRequest(
                namespace=client.namespace, workflow_execution_retention_period=duration
            )
        )
    known = await client.operator_service.list_search_attributes(
        ListSearchAttributesRequest(namespace=client.namespace)
    )
    missing = {
        name: IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD
        for name in SEARCH_ATTRIBUTES
        if name not in known.custom_attributes
    }
    if missing:
        await client.operator_service.add_search_attributes(
            AddSearchAttributesRequest(namespace=client.namespace, search_attributes=missing)
        )


async def retention_of(client: Client) -> timedelta:
    """Return how long the engine keeps a closed run."""
    described = await client.workflow_service.describe_namespace(
        DescribeNamespaceRequest(namespace=client.namespace)
    )
    return described.config.workflow_execution_retention_ttl.ToTimedelta()
