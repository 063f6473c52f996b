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
        return SealedInstance(super().create_instance(det), det.info)
