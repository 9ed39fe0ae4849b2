"""What the conformance suite needs of each backend: the backend itself, and jobs in the form that it takes."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from shared.adapters.azure_ml.client import AzureMlClient
from shared.adapters.azure_ml.connection import EMULATED_WORKSPACE, EmulatorCredential
from shared.adapters.compute.azure_ml import AzureMlBackend
from shared.adapters.compute.data_lake_analytics import DataLakeAnalyticsBackend
from shared.adapters.compute.databricks import DatabricksBackend
from shared.adapters.compute.local_process import LocalProcessBackend
from shared.core.compute_targets import ComputeTarget
from shared.core.jobs import JobArgument, JobSpec
from shared.ports.compute import ComputeBackend
from tests.contract.emulated import EmulatedService, JobStorage, emulated
from tests.fakes.http_server import HttpServer

WRITE = """
import os, pathlib, sys
print("begun", flush=True)
out = pathlib.Path(sys.argv[sys.argv.index("-out") + 1])
out.mkdir(parents=True, exist_ok=True)
(out / "a.csv").write_text("1,x\\n")
with open(sys.argv[sys.argv.index("-ran") + 1], "a") as counter:
    counter.write("x")
"""
WAIT = "import time\nprint('begun', flush=True)\ntime.sleep(600)\n"
FAIL = "raise ValueError('the data are wrong')\n"
CLUSTER = {"spark_version": "16.4.x-scala2.12", "node_type": "Standard_DS3_v2", "num_workers": 1}

USQL_WRITE = '@a = SELECT * FROM (VALUES (1, "x")) AS t(n, s);\nOUTPUT @a TO "@@out@@/a.csv" USING Outputters.Csv();\n'
USQL_WAIT = """
@n = EXTRACT n long FROM "@@numbers@@/n.csv" USING Extractors.Csv();
@all = SELECT SUM((a.n * b.n + c.n * d.n) % 7) AS total FROM @n AS a CROSS JOIN @n AS b CROSS JOIN @n AS c
       CROSS JOIN @n AS d;
OUTPUT @all TO "@@out@@/a.csv" USING Outputters.Csv();
"""
USQL_FAIL = '@a = SELECT Missing FROM (VALUES (1)) AS t(n);\nOUTPUT @a TO "@@out@@/a.csv" USING Outputters.Csv();\n'
NUMBERS = "".join(f"{number}\n" for number in range(2000)).encode()


class Bench(ABC):
    """One backend at work.

    Attributes:
        service: The emulated service behind it; None where the backend is the machine itself.
        recorder: What was said to the service.
    """

    complaint = "the data are wrong"
    """What the log or the result of `failing` says."""
    unknown_id = "00000000-0000-4000-8000-000000000000-00000-1"

    def __init__(self, storage: JobStorage, folder: Path, service: EmulatedService | None = None) -> None:
        self.storage = storage
        self.folder = folder
        self.service = service
        self.recorder = HttpServer()
        if service is not None:
            self.recorder.answer = self.recorder.pass_on(service.url)
        self._opened: list[ComputeBackend] = []
        self.backend = self.reopen()

    def reopen(self) -> ComputeBackend:
        """A backend that remembers nothing, as after a restart."""
        self._opened.append(self.open())
        return self._opened[-1]

    @abstractmethod
    def open(self) -> ComputeBackend:
        """Make a backend; `close` closes it."""

    @abstractmethod
    def writing(self) -> JobSpec:
        """A job that writes `a.csv` to its output `out` and soon ends."""

    @abstractmethod
    def waiting(self) -> JobSpec:
        """A job that works for minutes."""

    @abstractmethod
    def failing(self) -> JobSpec:
        """A job that fails by its own fault."""

    def working(self, job: JobSpec) -> bool:
        """Whether the log says that the job is at work."""
        return "begun" in self.storage.log(job)

    def times_run(self) -> int:
        """How often the script of `writing` was executed."""
        return len(self._counter.read_text())

    def private(self, _path: str) -> bool:
        """Whether what is sent to a path is kept where only the job's own identity reads it."""
        return False

    def close(self) -> None:
        for opened in self._opened:
            if isinstance(opened, LocalProcessBackend | AzureMlBackend):
                opened.close()
        self.recorder.close()

    @property
    def _counter(self) -> Path:
        return self.folder / "ran"


class ScriptBench(Bench):
    """A backend that runs Python scripts with their command lines."""

    changes: dict[str, Any] = {}

    def writing(self) -> JobSpec:
        output = self.storage.output("out")
        return self._job(WRITE, outputs=(output,), arguments=("-out", JobArgument(output="out"), *self._ran()))

    def waiting(self) -> JobSpec:
        return self._job(WAIT)

    def failing(self) -> JobSpec:
        return self._job(FAIL)

    def _ran(self) -> tuple[str, str]:
        return "-ran", str(self._counter)

    def _job(self, code: str, **fields: Any) -> JobSpec:
        return self.storage.job(code, **fields, **self.changes)


class LocalBench(ScriptBench):
    def open(self) -> LocalProcessBackend:
        return LocalProcessBackend(self.folder / "data", grace_seconds=0.3)


class AzureMlBench(ScriptBench):
    def open(self) -> AzureMlBackend:
        client = AzureMlClient(self.recorder.url, EMULATED_WORKSPACE, EmulatorCredential())
        scale = {"minNodeCount": 0, "maxNodeCount": 4, "nodeIdleTimeBeforeScaleDown": "PT120S"}
        properties = {"vmSize": "STANDARD_DS3_V2", "scaleSettings": scale}
        client.put("computes/cpu", {"location": "local", "properties": _aml(properties)})
        client.close()
        target = ComputeTarget(name="cpu", type="AmlCompute", properties={"emulated": True, "max_nodes": 4})
        return AzureMlBackend(self.storage.connections({"azure_ml": self.recorder.url}), target)


class DatabricksBench(ScriptBench):
    changes = {
        "step_type": "databricks",
        "settings": {**CLUSTER, "python_script_name": "train.py"},
    }
    unknown_id = "987654321:00000000-0000-4000-8000-000000000000-00000-1"

    def open(self) -> DatabricksBackend:
        target = ComputeTarget(name="bricks", type="Databricks", properties={"emulated": True})
        return DatabricksBackend(self.storage.connections({"databricks": self.recorder.url}), target)

    def private(self, path: str) -> bool:
        return path.endswith("/workspace/import")

    def _job(self, code: str, **fields: Any) -> JobSpec:
        job = super()._job(code, **fields)
        return job.model_copy(update={"command": job.command[1:]})  # the script is in the settings


class DataLakeBench(Bench):
    complaint = "There is no column `Missing`"

    def open(self) -> DataLakeAnalyticsBackend:
        target = ComputeTarget(name="lake", type="DataLakeAnalytics", properties={"emulated": True})
        return DataLakeAnalyticsBackend(self.storage.connections({"data_lake_analytics": self.recorder.url}), target)

    def writing(self) -> JobSpec:
        return self._job(USQL_WRITE)

    def waiting(self) -> JobSpec:
        return self._job(USQL_WAIT, inputs=(self.storage.input("numbers", {"n.csv": NUMBERS}),))

    def failing(self) -> JobSpec:
        return self._job(USQL_FAIL)

    def working(self, job: JobSpec) -> bool:
        return "Running" in self.storage.log(job)

    def times_run(self) -> int:
        assert self.service is not None
        accepted = [call for call in self.recorder.requests if call.method == "PUT"]
        return len({call.path.lower() for call in accepted})

    def _job(self, script: str, **fields: Any) -> JobSpec:
        settings: dict[str, Any] = {
            "settings": {"script_name": "train.usql"},
            "step_type": "data_lake_analytics",
            "command": (),
        }
        return self.storage.job({"train.usql": script}, outputs=(self.storage.output("out"),), **settings, **fields)


BENCHES: dict[str, type[Bench]] = {
    "local_process": LocalBench,
    "azure_ml": AzureMlBench,
    "databricks": DatabricksBench,
    "data_lake_analytics": DataLakeBench,
}
"""A new backend joins by an entry here."""


@contextmanager
def bench(name: str, storage: JobStorage, service: EmulatedService | None, folder: Path) -> Iterator[Bench]:
    made = BENCHES[name](storage, folder, service)
    try:
        yield made
    finally:
        made.close()


@contextmanager
def service_of(name: str, storage: JobStorage, folder: Path) -> Iterator[EmulatedService | None]:
    if name == "local_process":
        yield None
    else:
        with emulated(name, folder / name, storage.connection_string) as running:
            yield running


def _aml(properties: dict[str, Any]) -> dict[str, Any]:
    return {"computeType": "AmlCompute", "properties": properties}
