"""A workspace that asks for tokens, and callers of it."""

from pathlib import Path

from local.test_issuer import TestIssuer
from tests.e2e.workspace import Api, Server

RUNS_PER_MINUTE = 5
ACTIVE_RUNS = 4


class Guarded(Server):
    """A local workspace under `--auth`."""

    def __init__(self, folder: Path) -> None:
        environment = {
            "PIPEYARD_RUNS_PER_MINUTE": str(RUNS_PER_MINUTE),
            "PIPEYARD_MAX_ACTIVE_RUNS": str(ACTIVE_RUNS),
            "PIPEYARD_WEBHOOK_RETRY_SECONDS": "0.05",
        }
        super().__init__(folder, "--auth", environment=environment)
        self.issuer = TestIssuer(self.data)
        self._callers: dict[tuple[str, str], Api] = {}

    def caller(self, name: str, role: str = "Contributor") -> Api:
        """A client of somebody with a role; the same name is the same person."""
        if (name, role) not in self._callers:
            token = self.issuer.token(name=name, roles=[role])
            self._callers[name, role] = Api(self.facts["url"], token=token)
        return self._callers[name, role]

    def close(self) -> None:
        for api in self._callers.values():
            api.close()
        super().close()
