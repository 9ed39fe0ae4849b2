"""Addresses from v1's first years: another beginning, or `Experiments` for what is `PipelineRuns` since."""

import re

from starlette.types import ASGIApp, Receive, Scope, Send

from api.v1.errors import PREFIX

OLDER = "/api/v1.0/subscriptions/"
NEWER = f"{PREFIX}v1.0/subscriptions/"
_OF_A_RUN = re.compile(rf"({re.escape(NEWER)}.+/workspaces/[^/]+)/Experiments/([0-9a-f-]{{36}}.*)")


class OlderAddresses:
    """Serves them as the addresses that followed them."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] == "http":
            # In place: what answers bugs lies further out, and looks at the path to choose the form of the answer.
            scope["path"] = newer(scope["path"])
        await self._app(scope, receive, send)


def newer(path: str) -> str:
    """The address that followed an older one; any other as it is."""
    if path.startswith(OLDER):
        path = NEWER + path.removeprefix(OLDER)
    found = _OF_A_RUN.fullmatch(path) if path.startswith(NEWER) else None
    return path if found is None else f"{found[1]}/PipelineRuns/{found[2]}"
