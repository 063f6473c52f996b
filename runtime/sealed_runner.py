"""Runners of workflows that take nothing for a ticket that is not encrypted with its key.

Whoever reaches the engine can send it signals, updates and results for any ticket; only those who
have the keys of this installation can encrypt them. `runtime.codec` marks what is not encrypted;
here the run is looked at:

    the run began encrypted        what is marked is refused, and the ticket goes on
    it began marked, long ago      a ticket from before there was encryption: taken as ever
    it begins marked, now          nobody of ours began it: the run fails

A replay refuses the same, since the decision rests on the history alone. A refused signal is left
out, and logged without its content; a refused update is rejected; a refused result is a failure of
its activity.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import structlog
from temporalio.api.common.v1 import Payload
from temporalio.api.enums.v1 import CommandType
from temporalio.api.failure.v1 import ActivityFailureInfo, ApplicationFailureInfo, Failure
from temporalio.bridge.proto.activity_result import ActivityResolution
from temporalio.bridge.proto.workflow_activation import (
    WorkflowActivation,
    WorkflowActivationJob,
)
from temporalio.converter import SerializationContext, WorkflowSerializationContext
from temporalio.exceptions import ApplicationError
from temporalio.worker import WorkflowInstance, WorkflowInstanceDetails, WorkflowRunner
from temporalio.workflow import Info

from runtime.unsealed import UNSEALED, is_marked

logger = structlog.stdlib.get_logger("jiesu.engine")

_ACTIVITY = CommandType.COMMAND_TYPE_SCHEDULE_ACTIVITY_TASK
_REFUSAL = "This was not encrypted with the key of the ticket."
_UNREADABLE = Payload(metadata={"encoding": UNSEALED.encode()})
"""The payload in the place of refused content: no converter reads it."""


@dataclass(frozen=True)
class SealedRunner(WorkflowRunner):
    """A runner whose workflows see nothing that was refused."""

    inside: WorkflowRunner

    def prepare_workflow(self, defn: Any) -> None:
        self.inside.prepare_workflow(defn)

    def create_instance(self, det: WorkflowInstanceDetails) -> WorkflowInstance:
        return SealedInstance(self.inside.create_instance(det), det.info)


class SealedInstance(WorkflowInstance):
    """A workflow that is not shown what was refused.

    Payloads of its activities are read in the context of the workflow: `runtime.codec` needs only
    its id, and refuses at once what an activity is asked to do unencrypted.
    """

    def __init__(self, inside: WorkflowInstance, info: Info) -> None:
        self._inside = inside
        self._info = info
        self._own = WorkflowSerializationContext(
            namespace=info.namespace, workflow_id=info.workflow_id
        )
        self._began_sealed = False

    def activate(self, act: WorkflowActivation) -> Any:
        self._note_beginning(act)
        if self._began_sealed:
            kept = [job for job in act.jobs if self._admitted(job, replaying=act.is_replaying)]
            if len(kept) != len(act.jobs):
                del act.jobs[:]
                act.jobs.extend(kept)
        return self._inside.activate(act)

    def get_serialization_context(self, command_info: Any) -> SerializationContext | None:
        """Return the context of a payload."""
        if command_info is None or command_info.command_type == _ACTIVITY:
            return self._own
        return self._inside.get_serialization_context(command_info)

    def get_external_store_context(self, command_info: Any) -> Any:
        return self._inside.get_external_store_context(command_info)

    def get_info(self) -> Info:
        return self._inside.get_info()

    def get_thread_id(self) -> int | None:
        """Return None, so that the SDK does not interrupt the thread of a slow task.

        It takes a task for deadlocked that does not end within two seconds, as every task is after
        a pause of the whole process. An exception raised into that thread at any point may keep a
        lock of the process locked for good, that of logging for instance: the process then hangs.
        The task still fails, and its thread ends it in vain.
        """
        return None

    def _note_beginning(self, act: WorkflowActivation) -> None:
        """Note whether the run began encrypted.

        Raises:
            ApplicationError: it begins now, and does not.
        """
        for job in act.jobs:
            if not job.HasField("initialize_workflow"):
                continue
            marked = any(map(is_marked, job.initialize_workflow.arguments))
            if marked and not act.is_replaying:
                self._say("run")
                raise ApplicationError(_REFUSAL, type=UNSEALED, non_retryable=True)
            self._began_sealed = not marked

    def _admitted(self, job: WorkflowActivationJob, *, replaying: bool) -> bool:
        """Return whether the workflow sees a job, perhaps as the refusal of what it held."""
        kind = job.WhichOneof("variant")
        if kind == "signal_workflow" and any(map(is_marked, job.signal_workflow.input)):
            if not replaying:
                self._say("signal", job.signal_workflow.signal_name)
            return False
        if kind == "do_update" and any(map(is_marked, job.do_update.input)):
            self._say("update", job.do_update.name)
            del job.do_update.input[:]
            job.do_update.input.append(_UNREADABLE)
        elif kind == "resolve_activity" and _holds_marked(job.resolve_activity.result):
            if not replaying:
                self._say("result")
            job.resolve_activity.result.failed.failure.CopyFrom(_refused_result())
        return True

    def _say(self, what: str, name: str = "") -> None:
        logger.error("unsealed", what=what, name=name, workflow=self._info.workflow_id)


def _holds_marked(result: ActivityResolution) -> bool:
    match result.WhichOneof("status"):
        case "completed":
            return is_marked(result.completed.result)
        case "failed":
            return any(map(is_marked, _attributes(result.failed.failure)))
        case "cancelled":
            return any(map(is_marked, _attributes(result.cancelled.failure)))
        case _:
            return False


def _attributes(failure: Failure) -> Iterable[Payload]:
    """Return what a failure and its causes carry."""
    while True:
        yield failure.encoded_attributes
        yield from failure.application_failure_info.details.payloads
        yield from failure.canceled_failure_info.details.payloads
        if not failure.HasField("cause"):
            return
        failure = failure.cause


def _refused_result() -> Failure:
    """Return the failure as the engine would report it: workflow code looks at its cause."""
    info = ApplicationFailureInfo(type=UNSEALED, non_retryable=True)
    cause = Failure(message=_REFUSAL, application_failure_info=info)
    return Failure(message=_REFUSAL, activity_failure_info=ActivityFailureInfo(), cause=cause)
