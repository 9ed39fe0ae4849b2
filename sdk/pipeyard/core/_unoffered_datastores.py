"""Kinds of datastores that v1 had and Pipeyard has not: asking for one says why, and what to use."""

from typing import Any, NoReturn

from pipeyard.exceptions import UserErrorException

_DATABASE = (
    "Pipeyard's datastores hold files. Read the database in a step, with credentials from a secret, and write the rows "
    "to an output."
)
_CLUSTER = "Pipeyard does not reach the files of a cluster. Copy them to a blob container or a share first."


class UnofferedDatastores:
    """v1's names, each of which raises `UserErrorException`."""

    @staticmethod
    def register_azure_sql_database(*_: Any, **__: Any) -> NoReturn:
        """Not offered."""
        _refuse("An Azure SQL database", _DATABASE)

    @staticmethod
    def register_azure_my_sql(*_: Any, **__: Any) -> NoReturn:
        """Not offered."""
        _refuse("A MySQL database", _DATABASE)

    @staticmethod
    def register_azure_postgre_sql(*_: Any, **__: Any) -> NoReturn:
        """Not offered."""
        _refuse("A PostgreSQL database", _DATABASE)

    @staticmethod
    def register_azure_data_lake(*_: Any, **__: Any) -> NoReturn:
        """Not offered."""
        _refuse(
            "Data Lake Storage Gen1",
            "Microsoft switched it off in February 2024. Use register_azure_data_lake_gen2.",
        )

    @staticmethod
    def register_dbfs(*_: Any, **__: Any) -> NoReturn:
        """Not offered."""
        _refuse("The Databricks file system", _CLUSTER)

    @staticmethod
    def register_hdfs(*_: Any, **__: Any) -> NoReturn:
        """Not offered."""
        _refuse("A Hadoop file system", _CLUSTER)


def _refuse(what: str, why: str) -> NoReturn:
    raise UserErrorException(f"{what} cannot be a datastore. {why}")
