"""Files of a `local_folder` datastore: copied, as client and workspace are on one machine."""

import hashlib
import os
import shutil
from contextlib import suppress
from pathlib import Path
from urllib.parse import unquote, urlsplit

from pipeyard._http import LOOPBACK_HOSTS, HttpSession
from pipeyard.exceptions import UserErrorException

LOCAL_SCHEME = "file:"


def unfinished(target: Path, mark: str) -> Path:
    """Where a file is written until it is complete: hidden, and left out of a local folder's listings."""
    name = hashlib.sha256(f"{target.name}/{mark}".encode()).hexdigest()[:24]
    return target.with_name(f".pipeyard-{name}.part")


def local_path(http: HttpSession, url: str) -> Path:
    """The file that an address names.

    Raises:
        UserErrorException: The workspace is another machine, whose disk is not ours.
    """
    if urlsplit(http.location.url).hostname not in LOOPBACK_HOSTS:
        raise UserErrorException(
            f"{url} is a file of the machine that {http.location.url} runs on. Use such datastores there."
        )
    return Path(unquote(urlsplit(url).path))


def copy_file(source: Path, target: Path) -> int:
    """Copy a file to its place: whole or not at all. Returns its size.

    Raises:
        UserErrorException: It cannot be read or written.
    """
    temporary = unfinished(target, str(os.getpid()))
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, temporary)
        size = temporary.stat().st_size
        temporary.replace(target)
    except OSError as error:
        raise UserErrorException(f"{source} cannot be copied to {target}: {error.strerror}.") from error
    finally:
        with suppress(OSError):
            temporary.unlink()
    return size
