"""The packages that evaluation needs, loaded where they are used."""

from typing import TYPE_CHECKING, Any

from pipeyard.exceptions import UserErrorException

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

EXTRA = "pip install pipeyard[data]"


def load_duckdb() -> Any:
    """The engine.

    Raises:
        UserErrorException: It is not installed.
    """
    try:
        import duckdb  # noqa: PLC0415  (loaded when it is used: most scripts need none)
    except ImportError as error:
        raise UserErrorException(f"Reading datasets needs the package duckdb. Install it with: {EXTRA}") from error
    return duckdb


def load_pandas() -> Any:
    """The maker of data frames.

    Raises:
        UserErrorException: It is not installed.
    """
    try:
        import pandas as pd  # noqa: PLC0415  (as above)
    except ImportError as error:
        raise UserErrorException(f"Data frames need the package pandas. Install it with: {EXTRA}") from error
    return pd


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
