"""The payloads within the engine's messages."""

from collections.abc import Iterator

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message
from temporalio.api.common.v1 import Payload, SearchAttributes
from temporalio.api.history.v1 import MarkerRecordedEventAttributes


def payloads_within(message: Message) -> Iterator[Payload]:
    """Yield every payload with data of the ticket; not search attributes, nor the SDK's own notes
    in markers."""
    if isinstance(message, Payload):
        yield message
        return
    if isinstance(message, SearchAttributes):
        return
    for field, value in message.ListFields():
        if field.type != FieldDescriptor.TYPE_MESSAGE:
            continue
        if not field.is_repeated:
            yield from payloads_within(value)
        elif field.message_type and field.message_type.GetOptions().map_entry:
            own = isinstance(message, MarkerRecordedEventAttributes)
            for key, part in value.items():
                if isinstance(part, Message) and not (own and key != "result"):
                    yield from payloads_within(part)
        else:
            for part in value:
                yield from payloads_within(part)
