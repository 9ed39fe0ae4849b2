"""Registering datastores, forgetting them again, and choosing the default one."""

import re
import secrets
from contextlib import suppress
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import Field, SecretStr

from shared.core.datastores import Credential, Datastore, DatastoreType, DefaultDatastore
from shared.core.document import Description, Document
from shared.core.errors import Conflict, Fault, InvalidDocument, NotFound, PipeyardError
from shared.services.datastores import default_datastore, find_datastore
from shared.services.workspace import Workspace

_ACCOUNT = re.compile(r"[a-z0-9]{3,24}\Z")
_CONTAINER = re.compile(r"[a-z0-9$][a-z0-9-]{1,61}[a-z0-9]\Z")
_KEY = re.compile(r"[A-Za-z0-9+/]{16,}={0,2}\Z")
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
"""Where a token may travel unencrypted: emulators."""
_SLUG_CHARACTERS = 80


class DatastoreRequest(Document):
    """What a client sends to register a datastore.

    Attributes:
        container: Container, share or file system.
        endpoint: Base URL of the service, where it is not the public cloud's.
        path: Absolute path; for `local_folder`.
        create_if_not_exists: Create the container, share or folder.
        skip_validation: Do not look whether the place answers.
        account_key: Of the storage account; or
        sas_token: a shared access signature for the container. Neither: the app's identity.
    """

    type: DatastoreType
    account_name: str | None = None
    container: str | None = None
    endpoint: str | None = Field(default=None, max_length=300)
    path: str | None = Field(default=None, max_length=1024)
    description: Description = ""
    create_if_not_exists: bool = False
    skip_validation: bool = False
    account_key: Annotated[SecretStr | None, Field(max_length=200)] = None
    sas_token: Annotated[SecretStr | None, Field(max_length=4000)] = None

    @property
    def credential(self) -> Credential:
        """Whose right opens it."""
        if self.type == "local_folder":
            return "workspace"
        if self.account_key is not None:
            return "account_key"
        return "identity" if self.sas_token is None else "sas_token"

    @property
    def secret(self) -> str | None:
        """The key or the token."""
        given = self.account_key or self.sas_token
        return given.get_secret_value().lstrip("?") if given else None


def register_datastore(workspace: Workspace, name: str, request: DatastoreRequest, *, overwrite: bool) -> Datastore:
    """Register a datastore, or replace its registration.

    Raises:
        InvalidDocument: With everything that is wrong with the request, or with the words in which the service refused.
        Conflict: There is one of this name, and `overwrite` is not set; or every workspace has one of this name.
        StorageUnavailable: The service did not answer.
    """
    services = workspace.services
    if any(record.name == name for record in services.datastores.built_in):
        raise Conflict(f"Every workspace has a datastore `{name}`: it cannot be replaced. Choose another name.")
    existing = services.catalogue.find(Datastore, name)
    if existing is not None and not overwrite:
        raise Conflict(f"There is a datastore `{name}` already. Register it with overwrite, or choose another name.")
    record = _record(workspace, name, request)
    faults = [*_faults(request), *_refusal(services.datastores.check(record))]
    if faults:
        raise InvalidDocument(faults)
    if request.secret is not None and record.secret_name is not None:
        services.secrets.set(record.secret_name, request.secret)
    try:
        _enter(workspace, record, request)
        written = services.catalogue.put(record) if overwrite else services.catalogue.insert(record)
    except PipeyardError:
        _forget_secret(workspace, record)
        raise
    if existing is not None:
        _forget_secret(workspace, existing)
    workspace.forget_datastore(name)
    return written


def unregister_datastore(workspace: Workspace, name: str) -> None:
    """Forget a datastore. Its files stay where they are.

    Raises:
        NotFound: The workspace has no such datastore.
        Conflict: It is one that every workspace has, or the default one.
    """
    record = find_datastore(workspace, name)
    if any(each.name == name for each in workspace.services.datastores.built_in):
        raise Conflict(f"Every workspace has the datastore `{name}`: it cannot be unregistered.")
    if default_datastore(workspace) == name:
        raise Conflict(f"`{name}` is the default datastore. Make another one the default first.")
    workspace.services.catalogue.delete(Datastore, name)
    workspace.forget_datastore(name)
    _forget_secret(workspace, record)


def set_default_datastore(workspace: Workspace, name: str) -> Datastore:
    """Make a datastore the default one.

    Raises:
        NotFound: The workspace has no such datastore.
    """
    record = find_datastore(workspace, name)
    workspace.services.catalogue.put(DefaultDatastore(name=name))
    return record


def secret_prefix(name: str) -> str:
    """What the names of a datastore's secrets begin with. A key vault's names know no underscores and no case."""
    slug = re.sub(r"[^a-z0-9]", "-", name.lower())[:_SLUG_CHARACTERS]
    return f"datastore-{slug}-"


def _record(workspace: Workspace, name: str, request: DatastoreRequest) -> Datastore:
    # A new name each time: the old secret stays right until the record that names it is replaced.
    return Datastore(
        name=name,
        type=request.type,
        account_name=request.account_name,
        container=request.container,
        endpoint=request.endpoint.rstrip("/") if request.endpoint else None,
        path=request.path,
        description=request.description,
        credential=request.credential,
        secret_name=None if request.secret is None else f"{secret_prefix(name)}{secrets.token_hex(6)}",
        created_at=workspace.now().isoformat(),
    )


def _enter(workspace: Workspace, record: Datastore, request: DatastoreRequest) -> None:
    opened = workspace.services.datastores.open(record)
    try:
        if request.create_if_not_exists:
            opened.create()
        if not request.skip_validation:
            opened.probe()
    except PipeyardError as error:
        if error.retryable:
            raise
        create, skip = "Create it, or set create_if_not_exists.", "Set skip_validation to register it anyway."
        suggestion = create if isinstance(error, NotFound) else skip
        raise InvalidDocument([Fault(pointer="", message=str(error), suggestion=suggestion)]) from None


def _forget_secret(workspace: Workspace, record: Datastore) -> None:
    if record.secret_name is not None:
        with suppress(PipeyardError):  # an orphan that nothing names is no reason to fail
            workspace.services.secrets.delete(record.secret_name)


def _refusal(sentence: str | None) -> list[Fault]:
    return [] if sentence is None else [Fault(pointer="/type", message=sentence)]


def _faults(request: DatastoreRequest) -> list[Fault]:
    if request.type == "local_folder":
        return _folder_faults(request)
    faults = [
        _fault("/account_name", "A storage account's name has 3 to 24 lower-case letters and digits.")
        if not _ACCOUNT.match(request.account_name or "")
        else None,
        _fault("/container", "A container's name has 3 to 63 lower-case letters, digits and dashes.")
        if not _CONTAINER.match(request.container or "")
        else None,
        _fault("/path", "Only a `local_folder` has a path.") if request.path is not None else None,
        _endpoint_fault(request.endpoint),
        *_secret_faults(request),
    ]
    return [fault for fault in faults if fault is not None]


def _folder_faults(request: DatastoreRequest) -> list[Fault]:
    path = request.path or ""
    faults = [
        _fault(f"/{field}", "A folder of this machine has none.")
        for field in ("account_name", "container", "endpoint", "account_key", "sas_token")
        if getattr(request, field) is not None
    ]
    if not path.startswith("/") or "\0" in path or ".." in path.split("/"):
        faults.append(_fault("/path", "A folder needs its absolute path, without `..`."))
    return faults


def _secret_faults(request: DatastoreRequest) -> list[Fault]:
    faults = []
    if request.account_key is not None and request.sas_token is not None:
        faults.append(_fault("/sas_token", "Give an account key or a SAS token, not both."))
    if request.account_key is not None and not _KEY.match(request.account_key.get_secret_value()):
        faults.append(_fault("/account_key", "This is no account key: those are Base64 text."))
    if request.sas_token is not None and "sig=" not in request.sas_token.get_secret_value():
        faults.append(_fault("/sas_token", "This is no SAS token: it has no `sig=`. Give the part behind the `?`."))
    return faults


def _endpoint_fault(endpoint: str | None) -> Fault | None:
    if endpoint is None:
        return None
    try:
        parts = urlsplit(endpoint)
        safe = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK)
        usable = safe and bool(parts.hostname) and not parts.query and not parts.username
    except ValueError:
        usable = False
    sentence = "An endpoint is a URL such as https://account.blob.core.windows.net."
    return None if usable else _fault("/endpoint", sentence)


def _fault(pointer: str, message: str) -> Fault:
    return Fault(pointer=pointer, message=message)
