"""Who did what: one record for each change that somebody asked for. Never what a request's body said."""

from typing import Literal

from .document import Document


class AuditRecord(Document):
    """One change.

    Attributes:
        id: Sorts newest first.
        caller: Name of who did it.
        caller_id: What never changes about them.
        caller_kind: As `Caller.kind`.
        run_id: The run whose token was used, where a job did it.
        action: Method and route, such as `POST /api/runs/{run_id}/cancel`.
        subject: The route's parameters: what it was done to.
        result: Id of what came of it, such as the new run.
        status: HTTP status of the answer.
    """

    schema_version: Literal[1] = 1
    id: str
    time: str
    caller: str
    caller_id: str
    caller_kind: str
    run_id: str | None = None
    action: str
    subject: dict[str, str] = {}
    result: str | None = None
    status: int
