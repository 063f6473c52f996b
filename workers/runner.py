"""A workflow sandbox that is not entered to find the encryption context of a payload, and whose
threads are not interrupted.
"""

from dataclasses import dataclass
from typing import Any

from temporalio.api.enums.v1 import CommandType
from temporalio.converter import SerializationContext, WorkflowSerializationContext
from temporalio.worker import WorkflowInstance, WorkflowInstanceDetails
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner
from temporalio.workflow import Info

_ACTIVITY = CommandType.COMMAND_TYPE_SCHEDULE_ACTIVITY_TASK


@dataclass(frozen=True)
class TicketRunner(SandboxedWorkflowRunner):
    """The SDK's sandbox, entered only to run workflow code.

    The SDK would also enter it for each payload, about eighty times per ticket, only to get the
    same workflow id.
    """

    def create_instance(self, det: WorkflowInstanceDetails) -> WorkflowInstance:
        return _Sandboxed(super().create_instance(det), det.info)


class _Sandboxed(WorkflowInstance):
    def __init__(self, inside: WorkflowInstance, info: Info) -> None:
        self._inside = inside
        self._own = WorkflowSerializationContext(
            namespace=info.namespace, workflow_id=info.workflow_id
        )

    def get_serialization_context(self, command_info: Any) -> SerializationContext | None:
        """Return the context of a payload. `runtime.codec` needs only the workflow id."""
        if command_info is None or command_info.command_type == _ACTIVITY:
            return self._own
        return self._inside.get_serialization_context(command_info)

    def activate(self, act: Any) -> Any:
        return self._inside.activate(act)

    def get_external_store_context(self, command_info: Any) -> Any:
        return self._inside.get_external_store_context(command_info)

    def get_info(self) -> Info:
        return self._inside.get_info()

    def get_thread_id(self) -> int | None:
        """Return None, so that the SDK does not interrupt the thread of a slow task.

        It takes a task for deadlocked that does not end within two seconds, as every task is after
        a pause of the whole process. An exception raised into that thread at any point may keep a
        lock of the process locked for good, that of logging for instance: the worker then hangs.
        The task still fails, and its thread ends it in vain.
        """
        return None
