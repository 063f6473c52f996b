"""The tools: a table of what machines may call, each a thin wrapper of a use case."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar

from mcp_types import Tool, ToolAnnotations
from pydantic import BaseModel

from app.access.caller import Caller
from app.access.machines import policy_of
from app.context import AppContext
from domain.model import Incoming
from domain.policy.agents import allowed_by
from domain.policy.permissions import RIGHTS

Asked = TypeVar("Asked", bound=Incoming)


@dataclass(frozen=True)
class ToolCall:
    """One call of a tool: who calls, and in which language they read."""

    context: AppContext
    caller: Caller
    language: str


@dataclass(frozen=True)
class AgentTool(Generic[Asked]):
    """A tool. `right`: its row of the permission table; the use case that it runs asks for it.

    `reads`: it changes nothing. `again`: the same call a second time changes nothing more.
    """

    name: str
    title: str
    description: str
    asked: type[Asked]
    answer: type[BaseModel]
    right: str
    run: Callable[[ToolCall, Asked], Awaitable[BaseModel]]
    reads: bool = True
    again: bool = True

    def offered(self, call: ToolCall) -> bool:
        """Return whether role, scopes and the city let this machine call it."""
        right, caller = RIGHTS[self.right], replace(call.caller, masked=True, granted=set())
        return caller.may(right) and allowed_by(policy_of(call.context, caller), right.key)

    def described(self) -> Tool:
        """Return the description of the tool that is listed."""
        return Tool(
            name=self.name,
            title=self.title,
            description=self.description,
            input_schema=self.asked.model_json_schema(),
            output_schema=self.answer.model_json_schema(mode="serialization"),
            annotations=ToolAnnotations(
                title=self.title,
                read_only_hint=self.reads,
                destructive_hint=not self.reads,
                idempotent_hint=self.again,
                open_world_hint=False,
            ),
        )

    async def call(self, call: ToolCall, arguments: dict[str, Any]) -> BaseModel:
        """Check the arguments, and run the use case."""
        return await self.run(call, self.asked.model_validate(arguments))
