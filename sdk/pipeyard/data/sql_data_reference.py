"""v1's `azureml.data.sql_data_reference`."""

import uuid
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from pipeyard.exceptions import UserErrorException

if TYPE_CHECKING:
    from pipeyard.core.datastore import Datastore


class SqlDataReference:
    """Rows of a database that a data transfer step reads: a table, a query or a stored procedure.

    Attributes:
        datastore: The database.
        data_reference_name: Name of the step's input.
        sql_table: A table.
        sql_query: A query.
        sql_stored_procedure: A stored procedure.
        sql_stored_procedure_params: Its parameters.
    """

    def __init__(
        self,
        datastore: "Datastore",
        data_reference_name: str | None = None,
        sql_table: str | None = None,
        sql_query: str | None = None,
        sql_stored_procedure: str | None = None,
        sql_stored_procedure_params: Sequence[Any] | None = None,
    ) -> None:
        given = [each for each in (sql_table, sql_query, sql_stored_procedure) if each]
        if len(given) > 1:
            raise UserErrorException("A SqlDataReference reads a table, a query or a stored procedure: give one only.")
        self.datastore = datastore
        self.data_reference_name = data_reference_name or f"{datastore.name}_{uuid.uuid4().hex[:8]}"
        self.sql_table = sql_table
        self.sql_query = sql_query
        self.sql_stored_procedure = sql_stored_procedure
        self.sql_stored_procedure_params = sql_stored_procedure_params

    @property
    def name(self) -> str:
        """Name of the step's input."""
        return self.data_reference_name

    def __repr__(self) -> str:
        return f"SqlDataReference({self.datastore.name}, name={self.data_reference_name!r})"
