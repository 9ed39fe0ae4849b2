"""The engine behind the `Engine` port: Durable Functions' client, as a binding hands it to a function."""

from datetime import datetime, timedelta

import grpc
from azure.durable_functions import SyncDurableFunctionsClient
from durabletask.client import OrchestrationQuery, OrchestrationStatus

from shared.core import names
from shared.core.errors import StorageUnavailable

_NOBODY_LISTENS = frozenset({grpc.StatusCode.NOT_FOUND, grpc.StatusCode.FAILED_PRECONDITION})
_LONGEST_PURGE = timedelta(minutes=2)
_ENDED = frozenset({OrchestrationStatus.COMPLETED, OrchestrationStatus.FAILED, OrchestrationStatus.TERMINATED})


class DurableEngine:
    """Starts and wakes orchestrations. Cheap to make: one per invocation, around a client cached by the SDK."""

    def __init__(self, client: SyncDurableFunctionsClient) -> None:
        self._client = client

    def start_run(self, run_id: str) -> None:
        """See `Engine.start_run`."""
        self._start(names.RUN_PIPELINE, run_id, {"run_id": run_id})

    def start_step(self, run_id: str, ordinal: int) -> None:
        """See `Engine.start_step`."""
        self._start(names.RUN_STEP, names.step_run_id(run_id, ordinal), {"run_id": run_id, "ordinal": ordinal})

    def start_collecting(self, schedule_id: str) -> None:
        """See `Engine.start_collecting`."""
        self._start(names.COLLECT_ARRIVALS, names.collecting_id(schedule_id), {"schedule_id": schedule_id})

    def start_delivery(self, webhook_id: str, delivery_id: str) -> None:
        """See `Engine.start_delivery`."""
        payload: dict[str, str | int] = {"webhook_id": webhook_id, "delivery_id": delivery_id}
        self._start(names.DELIVER_WEBHOOK, names.delivery_instance(delivery_id), payload)

    def is_alive(self, instance_id: str) -> bool:
        """See `Engine.is_alive`."""
        try:
            state = self._client.get_orchestration_state(instance_id, fetch_payloads=False)
        except grpc.RpcError as error:
            raise _unavailable(error) from error
        return state is not None and state.runtime_status not in _ENDED

    def count_ended(self, before: datetime) -> int:
        """See `Engine.count_ended`."""
        query = OrchestrationQuery(created_time_to=before, runtime_status=list(_ENDED))
        try:
            return len(self._client.get_all_orchestration_states(query))
        except grpc.RpcError as error:
            raise _unavailable(error) from error

    def forget_ended(self, since: datetime, before: datetime) -> tuple[int, bool]:
        """See `Engine.forget_ended`."""
        try:
            purged = self._client.purge_orchestrations_by(
                created_time_from=since, created_time_to=before, runtime_status=list(_ENDED), timeout=_LONGEST_PURGE
            )
        except grpc.RpcError as error:
            raise _unavailable(error) from error
        return purged.deleted_instance_count, purged.is_complete is not False  # not every hub says

    def raise_event(self, instance_id: str, event: str, data: dict[str, str | int]) -> None:
        """See `Engine.raise_event`."""
        try:
            self._client.raise_orchestration_event(instance_id, event, data=data)
        except grpc.RpcError as error:
            if error.code() not in _NOBODY_LISTENS:
                raise _unavailable(error) from error

    def _start(self, orchestrator: str, instance_id: str, payload: dict[str, str | int]) -> None:
        try:
            self._client.schedule_new_orchestration(orchestrator, input=payload, instance_id=instance_id)
        except grpc.RpcError as error:
            # Alive already: starting is idempotent by the instance id.
            if error.code() is not grpc.StatusCode.ALREADY_EXISTS and not self.is_alive(instance_id):
                raise _unavailable(error) from error


def _unavailable(error: grpc.RpcError) -> StorageUnavailable:
    return StorageUnavailable(f"The task hub did not answer ({error.code().name}); try again in a moment.")
