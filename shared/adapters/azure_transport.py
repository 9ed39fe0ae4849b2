"""The HTTP side that all storage clients share: one connection pool for many threads, and a counter for benchmarks."""

import threading
from collections import Counter
from typing import Any
from urllib.parse import parse_qs, urlsplit

import requests
from azure.core.pipeline.transport import RequestsTransport
from requests.adapters import HTTPAdapter

from shared.core.telemetry_names import COMPUTE_THROTTLED, STORAGE_THROTTLED
from shared.telemetry import metrics

POOL_SIZE = 64
CONNECT_SECONDS = 10
READ_SECONDS = 60
RETRIES = 3
_THROTTLED = frozenset({429, 503})
_COMPUTE = frozenset({"azure_ml", "data_lake_analytics"})
"""Services that run jobs; the others are storage and the vault."""


class TransactionCounter:
    """Counts the requests that reached the wire, retries included.

    Attributes:
        total: All requests so far.
        by_kind: The same by kind, such as `table.put`, `table.batch`, `blob.get`.
    """

    def __init__(self) -> None:
        self.total = 0
        self.by_kind: Counter[str] = Counter()
        self._lock = threading.Lock()

    def add(self, kind: str) -> None:
        """Count one request."""
        with self._lock:
            self.total += 1
            self.by_kind[kind] += 1

    def reset(self) -> None:
        """Start again from zero."""
        with self._lock:
            self.total = 0
            self.by_kind.clear()


def request_kind(service: str, method: str, url: str) -> str:
    """What a request is, such as `table.query`: the service, and the method or what makes it special."""
    parts = urlsplit(url)
    if service == "table":
        if parts.path.endswith("/$batch"):
            return "table.batch"
        if method == "GET":
            return "table.get" if "PartitionKey=" in parts.path else "table.query"
        return {"POST": "table.insert", "PUT": "table.put"}.get(method, f"table.{method.lower()}")
    query = parse_qs(parts.query)
    special = query.get("comp", query.get("restype", [""]))[0]
    return f"{service}.{method.lower()}{'_' if special else ''}{special}"


class PooledTransport(RequestsTransport):  # type: ignore[misc]  # azure-core exports it lazily, as Any
    """A transport with room for many threads that tells a counter about every request.

    The environment is not consulted: no proxies, no `.netrc` (whose entries would replace the signature). That also
    saves a tenth of the time that a call costs.
    """

    def __init__(self, service: str, counter: TransactionCounter | None = None) -> None:
        session = requests.Session()
        session.trust_env = False
        adapter = HTTPAdapter(pool_connections=4, pool_maxsize=POOL_SIZE)
        session.mount("https://", adapter)
        session.mount("http://", adapter)
        self._service = service
        self._counter = counter
        super().__init__(
            session=session, use_env_settings=False, connection_timeout=CONNECT_SECONDS, read_timeout=READ_SECONDS
        )

    def send(self, request: Any, **kwargs: Any) -> Any:
        """Send a request. The base class does the work."""
        if self._counter is not None:
            self._counter.add(request_kind(self._service, request.method, request.url))
        response = super().send(request, **kwargs)
        if response.status_code in _THROTTLED:
            metric = COMPUTE_THROTTLED if self._service in _COMPUTE else STORAGE_THROTTLED
            metrics.record(metric, service=self._service, status=str(response.status_code))
        return response


def require_account_key(connection_string: str) -> None:
    """Refuse connection strings that carry a shared access signature: it would show in URLs, and it cannot sign."""
    if "sharedaccesssignature=" in connection_string.lower():
        raise ValueError("The storage connection string must carry an account key, not a shared access signature.")
