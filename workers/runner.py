"""A workflow sandbox that lets in nothing unencrypted, and whose threads are not interrupted."""

from dataclasses import dataclass

from temporalio.worker import WorkflowInstance, WorkflowInstanceDetails
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner

from runtime.sealed_runner import SealedInstance


@dataclass(frozen=True)
class TicketRunner(SandboxedWorkflowRunner):
    """The SDK's sandbox, entered only to run workflow code.

    The SDK would also enter it for each payload, about eighty times per ticket, only to get the
    same workflow id.
    """

    def create_instance(self, det: WorkflowInstanceDetails) -> WorkflowInstance:
        return _Sandboxed(super().create_instance(det), det.info)


class _Sandboxed(SealedInstance):
    def get_thread_id(self) -> int | None:
        """Return None, so that the SDK does not interrupt the thread of a slow task.

        It takes a task for deadlocked that does not end within two seconds, as every task is after
        a pause of the whole process. An exception raised into that thread at any point may keep a
        lock of the process locked for good, that of logging for instance: the worker then hangs.
        The task still fails, and its thread ends it in vain.
        """
        return None
