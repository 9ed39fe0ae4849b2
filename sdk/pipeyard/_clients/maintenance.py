"""Routes of housekeeping: purge, backup, restore, and deleting a run."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast

from pipeyard._clients._paging import part
from pipeyard._http import HttpSession

type Json = dict[str, Any]
PURGE = "/api/maintenance/purge"
_LINES = {"Content-Type": "application/x-ndjson"}


class MaintenanceClient:
    """What administrators do."""

    def __init__(self, http: HttpSession) -> None:
        self._http = http

    def purge(self, *, dry_run: bool = False) -> Iterator[Json]:
        """Purge to the end; yields how far it has come, again and again, the end last."""
        path = f"{PURGE}?dry_run={str(dry_run).lower()}"
        while True:
            report = cast("Json", self._http.post(path))
            yield report
            if report["status"] != "running":
                return

    def last_purge(self, *, dry_run: bool = False) -> Json:
        """How the last purge went."""
        return cast("Json", self._http.get(PURGE, {"dry_run": dry_run}))

    def backup(self) -> Iterator[Json]:
        """Every line of a copy of the catalogue, without those that only say where it goes on."""
        token: str | None = None
        while True:
            query = {} if token is None else {"continuation_token": token}
            text = self._http.send("GET", "/api/maintenance/backup", params=query).text
            lines = [json.loads(line) for line in text.splitlines()]
            yield from (line for line in lines[token is not None : -1])
            token = lines[-1]["continuation_token"]
            if token is None:
                return

    def restore(self, lines: Sequence[Mapping[str, Any]], *, conflict: str = "skip", dry_run: bool = False) -> Json:
        """Put lines of a backup back; the first of them says that they are."""
        body = "".join(f"{json.dumps(line)}\n" for line in lines).encode()
        query = {"conflict": conflict, "dry_run": str(dry_run).lower()}
        answer = self._http.send("POST", "/api/maintenance/restore", params=query, content=body, headers=_LINES)
        return cast("Json", answer.json())

    def delete_run(self, run_id: str) -> None:
        """Delete a run that has ended."""
        self._http.send("DELETE", f"/api/runs/{part(run_id)}")
