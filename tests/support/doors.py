"""The refusal codes of each command, as its endpoint declares them."""

from app.errors import CODES
from domain.commands.base import CommandBase
from domain.commands.registry import COMMANDS

_EVERYWHERE = {"forbidden", "not_now", "ticket_ended"}

REFUSALS: dict[type[CommandBase], set[str]] = {
    command: {*command.spec.refusals, *_EVERYWHERE} & set(CODES) for command in COMMANDS
}
