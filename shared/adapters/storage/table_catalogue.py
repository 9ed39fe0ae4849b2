"""The small named things of the workspace in one table, a partition per kind."""

from datetime import UTC, datetime

from shared.adapters.table_codec import all_equal, decode, encode, safe_key
from shared.adapters.tables import TableGateway
from shared.core.errors import Conflict
from shared.core.records import Experiment, Page

CATALOGUE = "Catalogue"
EXPERIMENT = "experiment"


class TableCatalogue:
    """The `Catalogue` port on Azure Table Storage."""

    def __init__(self, tables: TableGateway) -> None:
        self._tables = tables

    def ensure_experiment(self, name: str, created_at: datetime) -> None:
        """Create the experiment if it does not exist."""
        experiment = Experiment(name=name, created_at=created_at.astimezone(UTC).isoformat())
        try:
            self._tables.insert(CATALOGUE, encode(experiment, EXPERIMENT, safe_key(name)))
        except Conflict:
            return

    def list_experiments(self, page_size: int, continuation_token: str | None) -> Page[Experiment]:
        """One page, by name."""
        query = all_equal(PartitionKey=EXPERIMENT)
        rows, token = self._tables.page(CATALOGUE, query, page_size, continuation_token)
        return Page[Experiment](value=[decode(row, Experiment) for row in rows], continuation_token=token)
