"""A span around every request that may change something: it says what the request was about.

The Functions host reports each request as such. Reading is left at that: clients that wait ask all the time.
"""

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.dependencies import VISIT, Visit
from shared.core.telemetry_names import OUTCOME, RUN_ID
from shared.telemetry import spans

_FIRST_SERVER_ERROR = 500
_READING = frozenset({"GET", "HEAD", "OPTIONS"})


class Tracing:
    """Part of the host's trace, or of the caller's where the host passes none on."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http" or scope["method"] in _READING:
            await self._app(scope, receive, send)
            return

        async def watch(message: Message) -> None:
            if message["type"] == "http.response.start":
                _describe(scope, message["status"])
            await send(message)

        with spans.span(scope["method"], {}, context=spans.callers(Headers(scope=scope))):
            await self._app(scope, receive, watch)


def _describe(scope: Scope, status: int) -> None:
    """Name the span by the route's template, since addresses have too many forms and may have secrets in them."""
    visit: Visit | None = scope.get(VISIT)
    attributes: dict[str, spans.Value] = {OUTCOME: str(status)}
    if visit is not None and visit.route:
        spans.rename(f"{scope['method']} {visit.route}")
        run_id = visit.parameters.get("run_id")
        if isinstance(run_id, str):
            attributes[RUN_ID] = run_id
    spans.note(attributes, failed=status >= _FIRST_SERVER_ERROR)
