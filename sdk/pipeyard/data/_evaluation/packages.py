"""The packages that evaluation needs, loaded where they are used."""

from typing import TYPE_CHECKING, Any

from pipeyard._optional import require

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

EXTRA = "data"


def load_duckdb() -> Any:
    """The engine.

    Raises:
        UserErrorException: It is not installed.
    """
    return require("duckdb", EXTRA)


def load_pandas() -> Any:
    """The maker of data frames.

    Raises:
        UserErrorException: It is not installed.
    """
    return require("pandas", EXTRA)


def connect(folder: str | None = None) -> "DuckDBPyConnection":
    """A database of its own, which reaches no network and installs nothing.

    Args:
        folder: Where what does not fit into memory goes.
    """
    duckdb = load_duckdb()
    settings: dict[str, Any] = {"autoinstall_known_extensions": False, "autoload_known_extensions": False}
    if folder is not None:
        settings["temp_directory"] = folder
    connection: DuckDBPyConnection = duckdb.connect(":memory:", config=settings)
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute("SET enable_progress_bar = false")
    return connection
