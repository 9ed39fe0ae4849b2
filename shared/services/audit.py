"""Recording who did what."""

import logging
from collections.abc import Mapping

from shared.core.audit import AuditRecord
from shared.core.errors import PipeyardError
from shared.core.identity import Caller
from shared.services.workspace import Workspace

log = logging.getLogger(__name__)


def record_change(
    workspace: Workspace, caller: Caller, action: str, subject: Mapping[str, object], result: str | None, status: int
) -> None:
    """Record a change that has happened.

    It has happened: refusing the request now would only make the client repeat it. So a record that cannot be written
    is an error of the service's log, with everything that it would have said.
    """
    now = workspace.now()
    record = AuditRecord(
        id=workspace.new_id(),
        time=now.isoformat(),
        caller=caller.name,
        caller_id=caller.id,
        caller_kind=caller.kind,
        run_id=caller.run_id,
        action=action,
        subject={name: str(value)[:500] for name, value in subject.items()},
        result=result,
        status=status,
    )
    try:
        workspace.services.audit.add(record)
    except PipeyardError:
        log.exception("This change is missing from the audit log: %s", record.model_dump_json())
