"""Files of the web as files of a datastore.

A dataset must mean the same bytes whenever a run reads it, which an address of the web does not promise. So the SDK
downloads such a file when the dataset is made and copies it to the default datastore, as
`datasets/web/<sha256 of address and version>/<file name>`. The version is the server's ETag or its date of the last
change, else the content's own digest. A version that has been copied before is neither downloaded nor copied again.
"""

import hashlib
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING
from urllib.parse import unquote

import httpx

from pipeyard._clients.datastores import DatastoresClient
from pipeyard._core.datasets import DatasetSource
from pipeyard.data._sources import name_of_address
from pipeyard.exceptions import UserErrorException

if TYPE_CHECKING:
    from pipeyard.core.datastore import Datastore
    from pipeyard.core.workspace import Workspace

FOLDER = "datasets/web"
TIMEOUT = httpx.Timeout(60, connect=10)


def keep_web_file(workspace: "Workspace", address: str) -> DatasetSource:
    """Copy a file of the web to the default datastore.

    Raises:
        UserErrorException: The address does not deliver a file.
    """
    datastore = workspace.get_default_datastore()
    try:
        with httpx.stream("GET", address, follow_redirects=True, timeout=TIMEOUT) as response:
            response.raise_for_status()
            return _keep(datastore, address, response)
    except httpx.HTTPStatusError as error:
        raise UserErrorException(f"{address} answered {error.response.status_code}, not with a file.") from error
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise UserErrorException(f"{address} cannot be fetched: {error or type(error).__name__}.") from error


def _keep(datastore: "Datastore", address: str, response: httpx.Response) -> DatasetSource:
    version = response.headers.get("etag") or response.headers.get("last-modified")
    if version and (source := _kept(datastore, address, version)):
        return source
    with TemporaryDirectory() as folder:
        file = Path(folder) / unquote(name_of_address(address)).replace("/", "_")
        content = hashlib.sha256()
        with file.open("wb") as target:
            for chunk in response.iter_bytes():
                content.update(chunk)
                target.write(chunk)
        path = _place(address, version or content.hexdigest())
        datastore.upload_files([str(file)], folder, path, overwrite=False, show_progress=False)
        return DatasetSource(datastore=datastore.name, path=f"{path}/{file.name}")


def _kept(datastore: "Datastore", address: str, version: str) -> DatasetSource | None:
    folder = _place(address, version)
    client = DatastoresClient(datastore.workspace.client.http)
    found = client.list_files(datastore.name, f"{folder}/")
    return DatasetSource(datastore=datastore.name, path=found[0]["path"]) if found else None


def _place(address: str, version: str) -> str:
    return f"{FOLDER}/{hashlib.sha256(f'{address}\n{version}'.encode()).hexdigest()}"
