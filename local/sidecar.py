"""The hub's gRPC face: what the durable client of the function app talks to, on loopback only."""

import uuid
from collections.abc import AsyncIterator, Callable
from typing import override

import durabletask.internal.orchestrator_service_pb2 as pb
import grpc
import grpc.aio
from durabletask.internal import orchestrator_service_pb2_grpc as stubs
from google.protobuf import empty_pb2, wrappers_pb2  # type: ignore[import-untyped]

from local import events
from local.instance_table import AlreadyExistsError
from local.instances import Instance
from local.taskhub import TaskHub

type Context = grpc.aio.ServicerContext[object, object]

MAX_MESSAGE_BYTES = 4 * 1024 * 1024
"""Limit of the Durable extension on Azure, kept here so that an app cannot outgrow it unnoticed."""
_DEFAULT_PAGE = 100
_HISTORY_CHUNK = 256


class Sidecar(stubs.TaskHubSidecarServiceServicer):
    """Maps the protocol's requests to the hub. Calls that are missing here answer UNIMPLEMENTED."""

    def __init__(self, hub: TaskHub, default_version: str | None = None) -> None:
        self._hub = hub
        self.default_version = default_version
        """What orchestrations get that are started without a version, as in Azure."""
        self._server: grpc.aio.Server | None = None

    async def serve(self) -> str:
        """Listen on a free loopback port and return the address."""
        self._server = grpc.aio.server(
            options=[
                ("grpc.max_receive_message_length", MAX_MESSAGE_BYTES),
                ("grpc.max_send_message_length", -1),
                ("grpc.so_reuseport", 0),
            ]
        )
        stubs.add_TaskHubSidecarServiceServicer_to_server(self, self._server)  # type: ignore[no-untyped-call]
        port = self._server.add_insecure_port("127.0.0.1:0")
        await self._server.start()
        return f"127.0.0.1:{port}"

    async def stop(self) -> None:
        """Cut all connections."""
        if self._server is not None:
            await self._server.stop(0)

    @override
    async def Hello(self, request: empty_pb2.Empty, context: Context) -> empty_pb2.Empty:
        """Answers a ping."""
        return empty_pb2.Empty()

    @override
    async def StartInstance(self, request: pb.CreateInstanceRequest, context: Context) -> pb.CreateInstanceResponse:
        """Start an orchestration."""
        start_at = request.scheduledStartTimestamp
        instance = Instance(
            instance_id=request.instanceId or uuid.uuid4().hex,
            name=request.name,
            version=request.version.value if request.HasField("version") else self.default_version,
            input=request.input.value if request.HasField("input") else None,
            tags=dict(request.tags),
            start_at=events.seconds(start_at) if request.HasField("scheduledStartTimestamp") else None,
        )
        policy = request.orchestrationIdReusePolicy
        has_policy = request.HasField("orchestrationIdReusePolicy")
        try:
            self._hub.start(instance, frozenset(policy.replaceableStatus) if has_policy else None)
        except AlreadyExistsError as error:
            await context.abort(grpc.StatusCode.ALREADY_EXISTS, str(error))
        return pb.CreateInstanceResponse(instanceId=instance.instance_id)

    @override
    async def GetInstance(self, request: pb.GetInstanceRequest, context: Context) -> pb.GetInstanceResponse:
        """Status of an instance."""
        return _state(self._hub.instances.get(request.instanceId), request)

    @override
    async def WaitForInstanceStart(self, request: pb.GetInstanceRequest, context: Context) -> pb.GetInstanceResponse:
        """Status of an instance once it has started; the caller's deadline ends the wait."""
        return await self._wait(request, until_end=False)

    @override
    async def WaitForInstanceCompletion(
        self,
        request: pb.GetInstanceRequest,
        context: Context,
    ) -> pb.GetInstanceResponse:
        """Status of an instance once it has finished; the caller's deadline ends the wait."""
        return await self._wait(request, until_end=True)

    async def _wait(self, request: pb.GetInstanceRequest, *, until_end: bool) -> pb.GetInstanceResponse:
        instance = self._hub.instances.get(request.instanceId)
        if instance is not None:
            await self._hub.wait(instance, until_end=until_end)
        return _state(instance, request)

    @override
    async def RaiseEvent(self, request: pb.RaiseEventRequest, context: Context) -> pb.RaiseEventResponse:
        """Give an external event to an instance."""
        instance = await self._known(request.instanceId, context)
        if instance.finished:
            await context.abort(
                grpc.StatusCode.FAILED_PRECONDITION, f"Orchestration {request.instanceId!r} has finished."
            )
        self._hub.raise_event(instance, request.name, request.input.value if request.HasField("input") else None)
        return pb.RaiseEventResponse()

    @override
    async def TerminateInstance(self, request: pb.TerminateRequest, context: Context) -> pb.TerminateResponse:
        """End an instance."""
        instance = await self._known(request.instanceId, context)
        output = request.output.value if request.HasField("output") else None
        self._hub.terminate(instance, output, recursive=request.recursive)
        return pb.TerminateResponse()

    @override
    async def SuspendInstance(self, request: pb.SuspendRequest, context: Context) -> pb.SuspendResponse:
        """Hold an instance."""
        self._hub.suspend(await self._known(request.instanceId, context))
        return pb.SuspendResponse()

    @override
    async def ResumeInstance(self, request: pb.ResumeRequest, context: Context) -> pb.ResumeResponse:
        """Let a suspended instance go on."""
        self._hub.resume(await self._known(request.instanceId, context))
        return pb.ResumeResponse()

    @override
    async def RestartInstance(self, request: pb.RestartInstanceRequest, context: Context) -> pb.RestartInstanceResponse:
        """Start a finished orchestration again with its input."""
        old = await self._known(request.instanceId, context)
        instance_id = uuid.uuid4().hex if request.restartWithNewInstanceId else old.instance_id
        new = Instance(instance_id=instance_id, name=old.name, version=old.version, input=old.input, tags=old.tags)
        try:
            self._hub.start(new)
        except AlreadyExistsError:
            await context.abort(grpc.StatusCode.FAILED_PRECONDITION, f"{instance_id!r} has not finished.")
        return pb.RestartInstanceResponse(instanceId=instance_id)

    @override
    async def QueryInstances(self, request: pb.QueryInstancesRequest, context: Context) -> pb.QueryInstancesResponse:
        """Instances that match a query, oldest first, in pages."""
        query = request.query
        wanted = _filter(query)
        prefix = query.instanceIdPrefix.value
        found = [item for item in self._hub.instances if wanted(item) and item.instance_id.startswith(prefix)]
        found.sort(key=lambda item: (item.created, item.instance_id))
        first = int(query.continuationToken.value or 0)
        last = first + (query.maxInstanceCount or _DEFAULT_PAGE)
        page = [item.state(payloads=query.fetchInputsAndOutputs) for item in found[first:last]]
        more = wrappers_pb2.StringValue(value=str(last)) if last < len(found) else None
        return pb.QueryInstancesResponse(orchestrationState=page, continuationToken=more)

    @override
    async def PurgeInstances(self, request: pb.PurgeInstancesRequest, context: Context) -> pb.PurgeInstancesResponse:
        """Forget finished instances: one, a batch, or all that match a filter."""
        if request.HasField("purgeInstanceFilter"):
            wanted = _filter(request.purgeInstanceFilter)
            candidates = [item for item in self._hub.instances if wanted(item)]
        else:
            ids = [request.instanceId, *request.instanceBatch.instanceIds]
            candidates = [item for item in map(self._hub.instances.get, ids) if item is not None]
        purged = [item for item in candidates if item.finished]
        for item in purged:
            self._hub.instances.forget(item)
        return pb.PurgeInstancesResponse(
            deletedInstanceCount=len(purged), isComplete=wrappers_pb2.BoolValue(value=True)
        )

    @override
    async def StreamInstanceHistory(
        self, request: pb.StreamInstanceHistoryRequest, context: Context
    ) -> AsyncIterator[pb.HistoryChunk]:
        """History of a live instance; that of a finished one is no longer kept."""
        instance = await self._known(request.instanceId, context)
        past = instance.execution.history() if instance.execution is not None else []
        for start in range(0, len(past), _HISTORY_CHUNK):
            yield pb.HistoryChunk(events=past[start : start + _HISTORY_CHUNK])

    async def _unsupported(self, request: object, context: Context) -> object:  # noqa: ARG002
        await context.abort(grpc.StatusCode.UNIMPLEMENTED, "The local workspace has no entities and no rewind.")
        raise AssertionError  # abort raises; this is for the type checker

    RewindInstance = SignalEntity = GetEntity = QueryEntities = CleanEntityStorage = _unsupported

    async def _known(self, instance_id: str, context: Context) -> Instance:
        instance = self._hub.instances.get(instance_id)
        if instance is None:
            await context.abort(grpc.StatusCode.NOT_FOUND, f"There is no orchestration with id {instance_id!r}.")
            raise AssertionError  # abort raises; this is for the type checker
        return instance


def _state(instance: Instance | None, request: pb.GetInstanceRequest) -> pb.GetInstanceResponse:
    if instance is None:
        return pb.GetInstanceResponse(exists=False)
    return pb.GetInstanceResponse(exists=True, orchestrationState=instance.state(payloads=request.getInputsAndOutputs))


def _filter(asked: pb.InstanceQuery | pb.PurgeInstanceFilter) -> Callable[[Instance], bool]:
    statuses = frozenset(asked.runtimeStatus)
    since = events.seconds(asked.createdTimeFrom) if asked.HasField("createdTimeFrom") else float("-inf")
    until = events.seconds(asked.createdTimeTo) if asked.HasField("createdTimeTo") else float("inf")

    def wanted(item: Instance) -> bool:
        return since <= item.created < until and (not statuses or item.shown_status in statuses)

    return wanted
