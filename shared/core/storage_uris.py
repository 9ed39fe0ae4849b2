"""Addresses of blobs in the forms that compute services understand, made and read in this one place.

Forms: `https://<account>.blob.core.windows.net/<container>/<path>` (the account is the first path segment where the
host is an emulator's: `http://127.0.0.1:10000/devstoreaccount1/...`), `wasbs://<container>@<account>.blob...`,
`wasb://...`, and `abfss://<container>@<account>.dfs...`.
"""

from urllib.parse import quote, unquote, urlsplit

from .jobs import BlobPlace

_BLOB, _DFS = "blob.core.windows.net", "dfs.core.windows.net"
_AT_CONTAINER = frozenset({"wasb", "wasbs", "abfs", "abfss"})


def wasbs_uri(place: BlobPlace) -> str:
    """The form for Azure ML and Hadoop's older driver."""
    return _at_container("wasbs", place, _BLOB)


def wasb_uri(place: BlobPlace) -> str:
    """The form for U-SQL."""
    return _at_container("wasb", place, _BLOB)


def abfss_uri(place: BlobPlace) -> str:
    """The form for Databricks."""
    return _at_container("abfss", place, _DFS)


def parse_storage_uri(uri: str) -> tuple[str, str, str]:
    """(account, container, path) of an address in any of the forms; the path has no slash at either end.

    Raises:
        ValueError: It has none of these forms.
    """
    parts = urlsplit(uri)
    path = unquote(parts.path).strip("/")
    if parts.scheme in _AT_CONTAINER and parts.username and parts.hostname:
        return parts.hostname.partition(".")[0], unquote(parts.username), path
    if parts.scheme in {"http", "https"} and parts.hostname:
        first, _, rest = path.partition("/")
        if ".blob." in parts.hostname or ".dfs." in parts.hostname:
            account, container, path = parts.hostname.partition(".")[0], first, rest
        else:
            container, _, path = rest.partition("/")
            account = first
        if account and container:
            return account, container, path
    raise ValueError(f"{parts.scheme or 'This'} is no address of a blob container: expected https, wasbs or abfss.")


def _at_container(scheme: str, place: BlobPlace, suffix: str) -> str:
    account, container, below = parse_storage_uri(place.container_url)
    path = "/".join(part for part in (below, place.path) if part)
    # Another cloud has another suffix behind the kind of service.
    host = urlsplit(place.container_url).hostname or ""
    domain = host.partition(".")[2]
    if domain.startswith(("blob.", "dfs.")):
        suffix = f"{suffix.partition('.')[0]}.{domain.partition('.')[2]}"
    return f"{scheme}://{container}@{account}.{suffix}/{quote(path)}"
