"""Runs the functions of an app in this process through the Functions runtime's own indexing and invocation.

The runtime's registry is process-global: one app per process.
"""

import base64
import contextvars
import json
import logging
import sys
import traceback
import uuid
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import durabletask.internal.orchestrator_service_pb2 as pb

from local import worker_messages
from local.sidecar import MAX_MESSAGE_BYTES
from local.taskhub import TaskFailure

log = logging.getLogger(__name__)

_raised: contextvars.ContextVar[list[BaseException] | None] = contextvars.ContextVar("raised", default=None)


class IndexingError(Exception):
    """The app could not be imported or a function is declared wrongly."""


class InvocationError(Exception):
    """A function raised; the original exception is the cause where it is known."""


@dataclass(frozen=True, slots=True)
class Function:
    """An indexed function."""

    name: str
    function_id: str
    bindings: tuple[dict[str, Any], ...]

    @property
    def trigger(self) -> dict[str, Any]:
        """The binding that starts it."""
        return next(binding for binding in self.bindings if binding["type"].lower().endswith("trigger"))

    @property
    def client_parameters(self) -> tuple[str, ...]:
        """Parameters that take a durable client."""
        return tuple(binding["name"] for binding in self.bindings if binding["type"] == "durableClient")


class _ExceptionTap(logging.Filter):
    """Takes the exception of a failed invocation from the log record that the runtime writes about it.

    The runtime returns only the text of an exception, but durable failure details need its class and message. The
    record is dropped: the host reports the failure itself, once.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        caught = _raised.get()
        if caught is None or not record.exc_info or record.exc_info[1] is None:
            return True
        caught.append(record.exc_info[1])
        return False


class FunctionsHost:
    """The functions of one app directory, ready to be called by name."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.functions: dict[str, Function] = {}
        self.client_config = ""
        self._runtime: Any = None
        self._invoke_native: Any = None
        self.datum: Any = None
        """The runtime's container of a value that goes into or comes out of a function: (value, type)."""
        self.invocations: Counter[str] = Counter()
        """How often each function was invoked; `/admin/functions` shows it."""

    async def index(self) -> None:
        """Import `function_app.py` and list its functions.

        Raises:
            IndexingError: With the runtime's message and stack.
        """
        # Imported here because it costs most of a second, and `--help` should not pay it.
        import azure_functions_runtime as runtime  # noqa: PLC0415
        from azure_functions_runtime import native_invocation  # noqa: PLC0415
        from azure_functions_runtime.bindings.datumdef import Datum  # noqa: PLC0415

        self._runtime, self._invoke_native, self.datum = runtime, native_invocation.invocation_request_native, Datum
        native_invocation.logger.addFilter(_ExceptionTap())
        if str(self.directory) not in sys.path:
            sys.path.insert(0, str(self.directory))
        runtime.start_threadpool_executor()
        messages = worker_messages.make_messages()
        ask = worker_messages.request(
            "worker_init_request", messages, capabilities={}, function_app_directory=str(self.directory)
        )
        _check((await runtime.worker_init_request(ask)).result)
        answer = await runtime.functions_metadata_request(
            worker_messages.request("functions_metadata_request", messages)
        )
        _check(answer.result)
        for found in answer.function_metadata_results:
            bindings = tuple(json.loads(binding) for binding in found.raw_bindings)
            self.functions[found.name] = Function(found.name, found.function_id, bindings)

    def connect(self, hub_address: str, base_url: str) -> None:
        """Point durable clients at the hub. The shape is that of the Durable extension in gRPC mode."""
        config = {
            "taskHubName": "LocalHub",
            "connectionName": "AzureWebJobsStorage",
            "rpcBaseUrl": f"http://{hub_address}",
            "httpBaseUrl": f"{base_url}/runtime/webhooks/durabletask",
            "requiredQueryStringParameters": "",
            "maxGrpcMessageSizeInBytes": MAX_MESSAGE_BYTES,
            "grpcHttpClientTimeout": "00:01:40",
        }
        self.client_config = json.dumps(config)

    def stop(self) -> None:
        """Let the runtime's threads end when they are idle; running ones are left to themselves."""
        pool = self._runtime.get_threadpool_executor() if self._runtime is not None else None
        if pool is not None:
            pool.shutdown(wait=False, cancel_futures=True)

    async def invoke(self, function: Function, trigger: Any, metadata: dict[str, Any] | None = None) -> Any:
        """Call a function with the datum of its trigger; durable clients are added where it takes them.

        Returns:
            The datum of its return value, or None.

        Raises:
            InvocationError: The function raised.
        """
        inputs = [(function.trigger["name"], trigger)]
        inputs += [(name, self.datum(self.client_config, "string")) for name in function.client_parameters]
        self.invocations[function.name] += 1
        caught: list[BaseException] = []
        token = _raised.set(caught)
        try:
            done, value, _, error, stack = await self._invoke_native(
                str(uuid.uuid4()), function.function_id, inputs, metadata or {}
            )
        finally:
            _raised.reset(token)
        if not done:
            cause = caught[0] if caught else None
            raise InvocationError(f"{function.name} failed" if cause else f"{error}\n{stack or ''}") from cause
        return value

    async def run_orchestrator(self, name: str, request: bytes) -> pb.OrchestratorResponse:
        """One turn of an orchestrator, as the hub asks for it."""
        function = self._named(name, "orchestrationTrigger")
        try:
            value = await self.invoke(function, self.datum(base64.b64encode(request).decode("ascii"), "string"))
        except InvocationError as error:
            raise _task_failure(error) from error
        response = pb.OrchestratorResponse()
        response.ParseFromString(base64.b64decode(value.value))
        return response

    async def run_activity(self, name: str, data: str | None, instance_id: str, task_id: int) -> str | None:
        """An activity, as the hub asks for it."""
        function = self._named(name, "activityTrigger")
        try:
            value = await self.invoke(function, self.datum("null" if data is None else data, "json"))
        except InvocationError as error:
            failure = _task_failure(error)
            log.warning("Activity %s (%s #%d) failed: %s", name, instance_id, task_id, error.__cause__ or failure)
            raise failure from error
        return None if value is None else str(value.value)

    def _named(self, name: str, trigger: str) -> Function:
        function = self.functions.get(name)
        if function is None or function.trigger["type"] != trigger:
            raise TaskFailure("FunctionNotFound", f"The app has no {trigger} function named {name!r}.")
        return function


def _task_failure(error: InvocationError) -> TaskFailure:
    cause = error.__cause__
    if cause is None:
        return TaskFailure("InvocationError", str(error))
    # The class name is bare, without its module, because that is what the Durable extension passes on.
    return TaskFailure(type(cause).__name__, str(cause), "".join(traceback.format_tb(cause.__traceback__)))


def _check(result: Any) -> None:
    if result.status != worker_messages.StatusResult.Success:
        problem = result.exception
        raise IndexingError(f"{problem.message}\n{problem.stack_trace}".rstrip())
