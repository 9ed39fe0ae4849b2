"""Pipeline endpoints: stable addresses with versions, a default among them, and a way back to the default before."""

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta

from pydantic import Field

from shared.core.document import Description, Document, Properties
from shared.core.errors import Conflict, Fault, InvalidDocument, NotFound
from shared.core.publishing import (
    EndpointName,
    EntityStatus,
    PipelineEndpoint,
    PipelineEndpointName,
    PipelineVersion,
)
from shared.core.records import Page
from shared.core.wording import listed, quoted
from shared.services.catalogue import change
from shared.services.publishing import get_published
from shared.services.workspace import Workspace

RESERVED_FOR = timedelta(minutes=1)
"""How long a name stays taken whose endpoint is nowhere to be seen: its writer may be about to write it."""


class EndpointRequest(Document):
    """What a client sends to make an endpoint; the published pipeline becomes its version "0"."""

    name: EndpointName
    description: Description = ""
    published_pipeline_id: str = Field(max_length=128)
    properties: Properties = {}


class EndpointChanges(Document):
    """What a client sends to change an endpoint; what it leaves out stays as it is."""

    name: EndpointName | None = None
    description: Description | None = None
    status: EntityStatus | None = None
    default_version: str | None = Field(default=None, max_length=20)


def create_endpoint(
    workspace: Workspace, request: EndpointRequest, *, caller_name: str | None = None
) -> PipelineEndpoint:
    """Make an endpoint.

    Raises:
        NotFound: There is no such published pipeline.
        Conflict: The name is taken.
    """
    published = get_published(workspace, request.published_pipeline_id)
    now = workspace.now()
    endpoint = PipelineEndpoint(
        pipeline_endpoint_id=workspace.new_id(),
        name=request.name,
        description=request.description,
        default_version="0",
        versions=(PipelineVersion(version="0", published_pipeline_id=published.published_pipeline_id),),
        properties=request.properties,
        created_at=now.isoformat(),
        created_by=caller_name,
        updated_at=now.isoformat(),
    )
    _reserve(workspace, request.name, endpoint.pipeline_endpoint_id)
    return workspace.services.catalogue.insert(endpoint)


def get_endpoint(workspace: Workspace, pipeline_endpoint_id: str) -> PipelineEndpoint:
    """An endpoint.

    Raises:
        NotFound: There is none with this id.
    """
    return workspace.services.catalogue.get(PipelineEndpoint, pipeline_endpoint_id)


def get_endpoint_by_name(workspace: Workspace, name: str) -> PipelineEndpoint:
    """An endpoint.

    Raises:
        NotFound: There is none with this name.
    """
    reserved = workspace.services.catalogue.get(PipelineEndpointName, name)
    endpoint = _holder(workspace, reserved)
    if endpoint is None:
        raise NotFound(f"There is no pipeline endpoint {quoted(name)}.")
    return endpoint


def list_endpoints(
    workspace: Workspace, *, active_only: bool, page_size: int, continuation_token: str | None
) -> Page[PipelineEndpoint]:
    """One page, newest first."""
    found = workspace.services.catalogue.page(PipelineEndpoint, page_size, continuation_token)
    return found.only(lambda each: not active_only or each.status is EntityStatus.ACTIVE)


def add_version(
    workspace: Workspace, pipeline_endpoint_id: str, published_pipeline_id: str, *, set_default: bool = False
) -> PipelineEndpoint:
    """Add a published pipeline as the next version.

    Raises:
        NotFound: There is no such endpoint or published pipeline.
        Conflict: It is a version of the endpoint already.
    """
    get_published(workspace, published_pipeline_id)

    def changed(old: PipelineEndpoint) -> PipelineEndpoint:
        for each in old.versions:
            if each.published_pipeline_id == published_pipeline_id:
                raise Conflict(
                    f"The published pipeline {published_pipeline_id} is version {quoted(each.version)} of the endpoint "
                    f"{quoted(old.name)} already. Publish the pipeline again, or make that version the default."
                )
        new = old.with_version(published_pipeline_id)
        return new.with_default(new.versions[-1].version) if set_default else new

    return _change(workspace, pipeline_endpoint_id, changed)


def update_endpoint(workspace: Workspace, pipeline_endpoint_id: str, changes: EndpointChanges) -> PipelineEndpoint:
    """Change name, description, status or default version, all in one write.

    Raises:
        NotFound: There is no such endpoint.
        InvalidDocument: The default version does not exist.
        Conflict: The name is taken.
    """

    def changed(old: PipelineEndpoint) -> PipelineEndpoint:
        fields = changes.model_dump(exclude_none=True, exclude={"default_version"})
        new = old.model_copy(update=fields)
        if changes.default_version is None:
            return new
        _check_version(old, changes.default_version, "/default_version")
        return new.with_default(changes.default_version)

    old = get_endpoint(workspace, pipeline_endpoint_id)
    if changes.name is None or changes.name == old.name:
        return _change(workspace, pipeline_endpoint_id, changed)
    before = workspace.services.catalogue.find(PipelineEndpointName, old.name)
    # The new name first: an endpoint always has its name, and a name left over by a crash becomes free by itself.
    reserved = _reserve(workspace, changes.name, pipeline_endpoint_id)
    try:
        endpoint = _change(workspace, pipeline_endpoint_id, changed)
    except Exception:
        _release(workspace, reserved)
        raise
    if before is not None and before.pipeline_endpoint_id == pipeline_endpoint_id:
        _release(workspace, before)
    return endpoint


def roll_back(workspace: Workspace, pipeline_endpoint_id: str, to_version: str | None = None) -> PipelineEndpoint:
    """Make an earlier version the default: the given one, or the default before the present one.

    Raises:
        NotFound: There is no such endpoint.
        InvalidDocument: There is no such version.
        Conflict: There was no other default before.
    """

    def changed(old: PipelineEndpoint) -> PipelineEndpoint:
        if to_version is not None:
            _check_version(old, to_version, "/to_version")
            return old.with_default(to_version)
        if not old.earlier_defaults:
            raise Conflict(
                f"Version {quoted(old.default_version)} is the first default of the endpoint {quoted(old.name)}; there "
                "is none to go back to. Name a version in `to_version`."
            )
        *earlier, last = old.earlier_defaults
        return old.model_copy(update={"default_version": last, "earlier_defaults": tuple(earlier)})

    return _change(workspace, pipeline_endpoint_id, changed)


def _change(
    workspace: Workspace, pipeline_endpoint_id: str, changed: Callable[[PipelineEndpoint], PipelineEndpoint]
) -> PipelineEndpoint:
    now = workspace.now().isoformat()

    def stamped(old: PipelineEndpoint) -> PipelineEndpoint:
        new = changed(old)
        return new if new == old else new.model_copy(update={"updated_at": now})

    return change(workspace, PipelineEndpoint, pipeline_endpoint_id, stamped)


def _check_version(endpoint: PipelineEndpoint, version: str, pointer: str) -> None:
    if endpoint.version(version) is None:
        message = f"The endpoint {quoted(endpoint.name)} has no version {quoted(version)}."
        known = listed([quoted(each.version) for each in endpoint.versions], limit=20)
        raise InvalidDocument([Fault(pointer=pointer, message=message, suggestion=f"It has {known}.")])


def _holder(workspace: Workspace, reserved: PipelineEndpointName) -> PipelineEndpoint | None:
    """The endpoint that has this name, None where it has another one by now or never came to be."""
    endpoint = workspace.services.catalogue.find(PipelineEndpoint, reserved.pipeline_endpoint_id)
    return endpoint if endpoint is not None and endpoint.name == reserved.name else None


def _reserve(workspace: Workspace, name: str, pipeline_endpoint_id: str) -> PipelineEndpointName:
    """Take a name.

    Raises:
        Conflict: Another endpoint has it, or may be about to get it.
    """
    now = workspace.now()
    catalogue = workspace.services.catalogue
    wanted = PipelineEndpointName(name=name, pipeline_endpoint_id=pipeline_endpoint_id, reserved_at=now.isoformat())
    taken = Conflict(f"There is a pipeline endpoint {quoted(name)} already. Names of endpoints are unique.")
    try:
        return catalogue.insert(wanted)
    except Conflict:
        reserved = catalogue.find(PipelineEndpointName, name)
        if reserved is None:
            raise taken from None
        is_fresh = now - datetime.fromisoformat(reserved.reserved_at) < RESERVED_FOR
        if reserved.pipeline_endpoint_id != pipeline_endpoint_id and (is_fresh or _holder(workspace, reserved)):
            raise taken from None
        try:
            return catalogue.replace(wanted.model_copy(update={"etag": reserved.etag}))
        except (Conflict, NotFound):
            raise taken from None


def _release(workspace: Workspace, reserved: PipelineEndpointName) -> None:
    """Give a name up, unless somebody took it since, be it another rename of the same endpoint."""
    with suppress(Conflict):
        workspace.services.catalogue.delete(PipelineEndpointName, reserved.name, etag=reserved.etag)
