"""Every way in which storage can fail becomes the right error of ours, and says nothing secret."""

from types import SimpleNamespace

import pytest
from azure.core.exceptions import (
    ClientAuthenticationError,
    HttpResponseError,
    IncompleteReadError,
    ServiceRequestError,
    ServiceResponseError,
    ServiceResponseTimeoutError,
)

from shared.adapters.azure_errors import translated
from shared.adapters.azure_transport import request_kind
from shared.adapters.storage.blobs import AzureBlobStore
from shared.adapters.tables import TableGateway
from shared.core.errors import Conflict, NotFound, PipeyardError, StorageUnavailable, TooLarge
from tests.fakes.clocks import SystemClock

SECRET = "https://account/container?sig=SECRET"


def answered(status, code="", kind=HttpResponseError):
    response = SimpleNamespace(
        status_code=status, reason="because", headers={"x-ms-error-code": code}, content_type="text/plain", text=str
    )
    return kind(message=SECRET, response=response)


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (answered(404), NotFound),
        (answered(409), Conflict),
        (answered(409, "ContainerBeingDeleted"), StorageUnavailable),
        (answered(409, "TableBeingDeleted"), StorageUnavailable),
        (answered(412), Conflict),
        (answered(413), TooLarge),
        (answered(400, "EntityTooLarge"), TooLarge),
        (answered(400, "InvalidInput"), PipeyardError),
        (answered(403, "AuthorizationPermissionMismatch", ClientAuthenticationError), PipeyardError),
        (answered(408), StorageUnavailable),
        (answered(429), StorageUnavailable),
        (answered(500), StorageUnavailable),
        (answered(503, "ServerBusy"), StorageUnavailable),
        (ServiceRequestError(SECRET), StorageUnavailable),
        (ServiceResponseError(SECRET), StorageUnavailable),
        (ServiceResponseTimeoutError(SECRET), StorageUnavailable),
        (IncompleteReadError(SECRET), StorageUnavailable),
        (ClientAuthenticationError(SECRET), StorageUnavailable),
    ],
)
def test_error_becomes_ours_and_keeps_its_cause(error, expected):
    with pytest.raises(PipeyardError) as caught, translated("Blob x in container data"):
        raise error
    assert type(caught.value) is expected
    assert caught.value.__cause__ is error
    assert "Blob x in container data" in str(caught.value)
    assert "SECRET" not in str(caught.value)
    assert caught.value.retryable is (expected is StorageUnavailable)


@pytest.mark.parametrize(
    "make",
    [
        TableGateway.from_connection_string,
        lambda text: AzureBlobStore.from_connection_string(text, clock=SystemClock()),
    ],
)
def test_connection_string_with_a_signature_is_refused_without_showing_it(make):
    with pytest.raises(ValueError, match="account key") as caught:
        make("TableEndpoint=https://a.table.core.windows.net;SharedAccessSignature=sig=SECRET")
    assert "SECRET" not in str(caught.value)


@pytest.mark.parametrize(
    ("service", "method", "url", "kind"),
    [
        ("table", "POST", "http://h/a/$batch", "table.batch"),
        ("table", "POST", "http://h/a/Runs", "table.insert"),
        ("table", "PUT", "http://h/a/Runs(PartitionKey='p',RowKey='r')", "table.put"),
        ("table", "GET", "http://h/a/Runs(PartitionKey='p',RowKey='r')", "table.get"),
        ("table", "GET", "http://h/a/Runs()?$filter=PartitionKey%20eq", "table.query"),
        ("table", "DELETE", "http://h/a/Runs(PartitionKey='p',RowKey='r')", "table.delete"),
        ("blob", "GET", "http://h/a/c/b", "blob.get"),
        ("blob", "PUT", "http://h/a/c?restype=container", "blob.put_container"),
        ("blob", "GET", "http://h/a/c?restype=container&comp=list", "blob.get_list"),
    ],
)
def test_requests_are_counted_by_kind(service, method, url, kind):
    assert request_kind(service, method, url) == kind
