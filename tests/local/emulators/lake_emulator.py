"""An emulator of Data Lake Analytics as a process, over an account with some files."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from azure.storage.blob import BlobServiceClient

from tests.local.emulators.emulator_process import EmulatorProcess
from tests.waiting import until

SCRIPT = """\
@rows = EXTRACT Name string, Size int, Year int FROM "$DATA/in/{Year}/{*}.csv" USING Extractors.Csv();
@big = SELECT Name.ToUpper() AS Name, Size, Year FROM @rows WHERE Size > 3;
OUTPUT @big TO "$DATA/out/big.csv" ORDER BY Year, Size USING Outputters.Csv(outputHeader: true);
"""
"""`$DATA` stands for the address of the container."""
BIG = b'"Name","Size","Year"\r\n"B",9,2024\r\n"B",9,2025\r\n'
SLOW = """\
@n = SELECT * FROM (VALUES (0), (1), (2), (3), (4), (5), (6), (7), (8), (9)) AS T(x);
@p = SELECT a.x AS x FROM @n AS a CROSS JOIN @n AS b CROSS JOIN @n AS c CROSS JOIN @n AS d CROSS JOIN @n AS e;
@q = SELECT COUNT(DISTINCT (a.x * 31L + b.x).ToString() + c.x.ToString()) AS N
     FROM @p AS a CROSS JOIN @p AS b CROSS JOIN @n AS c WHERE a.x + b.x > 1;
OUTPUT @q TO "$DATA/out/slow.csv" USING Outputters.Csv();
"""
"""Takes minutes: for jobs that are to be ended."""


class LakeEmulator(EmulatorProcess):
    """The process, and its account."""

    def __init__(self, storage: str, data: Path, **faults: Any) -> None:
        service = BlobServiceClient.from_connection_string(storage)
        self.container = service.get_container_client("data")
        if not self.container.exists():
            self.container.create_container()
        for year in (2024, 2025):
            self.container.upload_blob(f"in/{year}/a b#1.csv", b"a,3\nb,9\n", overwrite=True)
        self.address = f"wasb://data@{service.account_name}.blob.core.windows.net"
        super().__init__("data_lake_analytics", data, storage, **faults)

    def start(self) -> None:
        super().start()
        self.http.params = {"api-version": "2016-11-01"}

    def stop(self) -> int:
        self.container.close()
        return super().stop()

    def body(self, script: str = SCRIPT, **more: Any) -> dict[str, Any]:
        script = script.replace("$DATA", self.address)
        return {"name": "job", "type": "USql", "properties": {"type": "USql", "script": script}, **more}

    def get(self, job_id: str) -> dict[str, Any]:
        answer = self.http.get(f"/Jobs/{job_id}")
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def wait(self, job_id: str, state: str = "Ended", limit: float = 100) -> dict[str, Any]:
        def look() -> dict[str, Any] | None:
            job = self.get(job_id)
            return job if job["state"] in {state, "Ended"} else None

        found = until(look, f"{state} of the job", limit=limit)
        assert found is not None
        assert found["state"] == state, found
        return found


def states(job: Mapping[str, Any]) -> list[str]:
    return [record["newState"] for record in job["stateAuditRecords"]]
