"""Checks of messages to citizens: each in every language, with known placeholders."""

from collections.abc import Iterator

from packs.message_templates import TEMPLATE_NAMES, template_faults
from packs.parsed_pack import ParsedPack
from packs.problems import PackFault


def check_messages(parsed: ParsedPack) -> Iterator[PackFault]:
    """Check that no message is missing, unknown, or has an unknown placeholder."""
    for document in parsed.messages.values():
        if document.value is None:
            continue
        texts = document.value.root
        for name in TEMPLATE_NAMES:
            if name not in texts:
                yield PackFault(document.file, None, f"the message {name!r} is missing")
        for name, text in texts.items():
            if name not in TEMPLATE_NAMES:
                yield document.problem((name,), f"there is no message {name!r}")
            for fault in template_faults(text, name):
                yield document.problem((name,), f"{name}: {fault}")
