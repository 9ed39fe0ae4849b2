"""Unity Catalog volumes and the root of DBFS, as folders of the emulator, and the routes to their files.

A volume needs no catalogue here: `/Volumes/<catalog>/<schema>/<volume>/...` is there as soon as something lies in it.
"""

import shutil
from email.utils import formatdate
from http import HTTPStatus
from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route

from local.emulators.databricks.errors import ApiError, invalid, missing
from local.emulators.databricks.workspace_files import relative_path

_FILES = "/api/2.0/fs/files"
_FOLDERS = "/api/2.0/fs/directories"
_VOLUMES = "Volumes"
_VOLUME_PARTS = 4


class VolumeFiles:
    """The files of all volumes, and of DBFS' root.

    Args:
        folder: Where they are kept.
    """

    def __init__(self, folder: Path) -> None:
        self.root = folder / _VOLUMES
        self.dbfs = folder / "dbfs"
        self.root.mkdir(parents=True, exist_ok=True)
        self.dbfs.mkdir(parents=True, exist_ok=True)

    def local(self, path: str) -> Path:
        """Where a path `/Volumes/...` or `dbfs:/...` lies on this machine.

        Raises:
            ApiError: The path is none.
        """
        bare = path.removeprefix("dbfs:")
        relative = relative_path(bare, "Path")
        if relative.parts[:1] != (_VOLUMES,):
            return self.dbfs / relative
        if len(relative.parts) < _VOLUME_PARTS:
            raise invalid(f"Invalid path: {path}. A path in a volume is /Volumes/<catalog>/<schema>/<volume>/<path>.")
        return self.root / Path(*relative.parts[1:])

    def routes(self) -> list[Route]:
        """What the Files API answers, and the part of the DBFS API that tells what is there."""
        return [
            Route(_FILES + "{path:path}", self._upload, methods=["PUT"]),
            Route(_FILES + "{path:path}", self._download, methods=["GET", "HEAD"]),
            Route(_FILES + "{path:path}", self._delete, methods=["DELETE"]),
            Route(_FOLDERS + "{path:path}", self._make_folder, methods=["PUT"]),
            Route(_FOLDERS + "{path:path}", self._list, methods=["GET", "HEAD"]),
            Route(_FOLDERS + "{path:path}", self._delete_folder, methods=["DELETE"]),
            Route("/api/2.0/dbfs/get-status", self._dbfs_status, methods=["GET"]),
        ]

    async def _upload(self, request: Request) -> Response:
        local = self.local(request.path_params["path"])
        if local.is_dir():
            raise invalid("The path is a directory.")
        if local.exists() and request.query_params.get("overwrite", "").lower() == "false":
            raise ApiError(HTTPStatus.CONFLICT, "ALREADY_EXISTS", "The file being created already exists.")
        local.parent.mkdir(parents=True, exist_ok=True)
        draft = local.with_name(f".{local.name}.draft")
        with draft.open("wb") as out:
            async for piece in request.stream():
                out.write(piece)
        draft.replace(local)
        return Response(status_code=HTTPStatus.NO_CONTENT)

    async def _download(self, request: Request) -> Response:
        local = self._file(request.path_params["path"])
        modified = formatdate(local.stat().st_mtime, usegmt=True)
        return FileResponse(local, media_type="application/octet-stream", headers={"last-modified": modified})

    async def _delete(self, request: Request) -> Response:
        self._file(request.path_params["path"]).unlink()
        return Response(status_code=HTTPStatus.NO_CONTENT)

    async def _make_folder(self, request: Request) -> Response:
        local = self.local(request.path_params["path"])
        if local.is_file():
            raise ApiError(HTTPStatus.CONFLICT, "ALREADY_EXISTS", "The path is a file.")
        local.mkdir(parents=True, exist_ok=True)
        return Response(status_code=HTTPStatus.NO_CONTENT)

    async def _list(self, request: Request) -> Response:
        path = "/" + request.path_params["path"].strip("/")
        contents = []
        for child in sorted(self._folder(path).iterdir()):
            facts = child.stat()
            modified = int(facts.st_mtime * 1000)
            entry = {"path": f"{path}/{child.name}", "name": child.name, "is_directory": child.is_dir()}
            contents.append(
                entry if child.is_dir() else {**entry, "file_size": facts.st_size, "last_modified": modified}
            )
        return JSONResponse({"contents": contents} if contents else {})

    async def _delete_folder(self, request: Request) -> Response:
        local = self._folder(request.path_params["path"])
        if any(local.iterdir()):
            message = "The directory is not empty."
            raise ApiError(HTTPStatus.BAD_REQUEST, "FILES_API_DIRECTORY_IS_NOT_EMPTY", message)
        shutil.rmtree(local)
        return Response(status_code=HTTPStatus.NO_CONTENT)

    async def _dbfs_status(self, request: Request) -> Response:
        path = request.query_params.get("path", "")
        local = self.local(path)
        if not local.exists():
            raise missing(f"No file or directory exists on path {path}.")
        facts = local.stat()
        size = 0 if local.is_dir() else facts.st_size
        modified = int(facts.st_mtime * 1000)
        return JSONResponse(
            {"path": path, "is_dir": local.is_dir(), "file_size": size, "modification_time": modified},
        )

    def _file(self, path: str) -> Path:
        local = self.local(path)
        if not local.is_file():
            raise ApiError(HTTPStatus.NOT_FOUND, "NOT_FOUND", "The file being accessed is not found.")
        return local

    def _folder(self, path: str) -> Path:
        local = self.local(path)
        if not local.is_dir():
            raise ApiError(HTTPStatus.NOT_FOUND, "NOT_FOUND", "The directory being accessed is not found.")
        return local
