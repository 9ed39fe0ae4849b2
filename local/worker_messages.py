"""Stand-ins for the worker protocol's messages, which azure_functions_runtime expects its host to inject.

The runtime only constructs them and reads attributes back, so plain namespaces do.
"""

from enum import IntEnum
from types import SimpleNamespace
from typing import Any

_PLAIN = (
    "FunctionEnvironmentReloadResponse",
    "FunctionLoadResponse",
    "FunctionMetadataResponse",
    "InvocationResponse",
    "NullableBool",
    "NullableDouble",
    "NullableString",
    "NullableTimestamp",
    "RpcException",
    "RpcFunctionMetadata",
    "RpcHttp",
    "RpcRetryOptions",
    "Timestamp",
    "WorkerInitResponse",
    "WorkerMetadata",
)


class StatusResult(SimpleNamespace):
    """Outcome of a request to the runtime."""

    Failure, Success, Cancelled = 0, 1, 2


class _BindingInfo(SimpleNamespace):
    undefined, string, binary, stream = 0, 1, 2, 3
    out, inout = 1, 2


# `in` is a keyword, and the runtime looks the direction up by that name.
setattr(_BindingInfo, "in", 0)


class _TypedData(SimpleNamespace):
    def WhichOneof(self, _group: str) -> str | None:  # noqa: N802 -- protobuf's name
        return next(iter(vars(self)), None)


class _ParameterBinding(SimpleNamespace):
    def WhichOneof(self, _group: str) -> str | None:  # noqa: N802 -- protobuf's name
        return "data" if getattr(self, "data", None) is not None else None


class _RpcHttpCookie(SimpleNamespace):
    SameSite = IntEnum("SameSite", {"None": 0, "Lax": 1, "Strict": 2, "ExplicitNone": 3})


def make_messages() -> Any:
    """A namespace with every message class the runtime looks up."""
    messages = SimpleNamespace(**{name: type(name, (SimpleNamespace,), {}) for name in _PLAIN})
    messages.StatusResult = StatusResult
    messages.BindingInfo = _BindingInfo
    messages.TypedData = _TypedData
    messages.ParameterBinding = _ParameterBinding
    messages.RpcHttpCookie = _RpcHttpCookie
    return messages


def request(field: str, messages: Any, **content: Any) -> Any:
    """A request to the runtime: `content` under the name `field`."""
    return SimpleNamespace(
        request=SimpleNamespace(**{field: SimpleNamespace(**content)}),
        properties={"protos": messages, "host": "127.0.0.1"},
    )
