"""Routes of the Workspace API: import, export, list and delete notebooks, files and folders."""

import base64
import binascii
from email.parser import BytesHeaderParser
from email.policy import HTTP
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from local.emulators.databricks.errors import ApiError, invalid, json_object
from local.emulators.databricks.workspace_files import Import, WorkspaceFiles

_PREFIX = "/api/2.0/workspace"
_FORMATS = ("SOURCE", "RAW", "AUTO")
_LANGUAGES = ("PYTHON", "SQL", "SCALA", "R")


class WorkspaceApi:
    """The Workspace API over a tree of files."""

    def __init__(self, files: WorkspaceFiles) -> None:
        self._files = files

    def routes(self) -> list[Route]:
        """What this API answers."""
        return [
            Route(f"{_PREFIX}/mkdirs", self._make_folders, methods=["POST"]),
            Route(f"{_PREFIX}/import", self._import, methods=["POST"]),
            Route(f"{_PREFIX}/export", self._export, methods=["GET"]),
            Route(f"{_PREFIX}/get-status", self._status, methods=["GET"]),
            Route(f"{_PREFIX}/list", self._list, methods=["GET"]),
            Route(f"{_PREFIX}/delete", self._delete, methods=["POST"]),
        ]

    async def _make_folders(self, request: Request) -> Response:
        self._files.make_folders(_path(await json_object(request)))
        return JSONResponse({})

    async def _import(self, request: Request) -> Response:
        given = await _import_fields(request)
        self._files.put(_path(given), _import(given))
        return JSONResponse({})

    async def _export(self, request: Request) -> Response:
        path = _path(request.query_params)
        _one_of("format", request.query_params.get("format", "SOURCE"), _FORMATS)
        content = self._files.content(path)
        if request.query_params.get("direct_download") == "true":
            return Response(content, media_type="application/octet-stream")
        kind = "py" if self._files.is_notebook(path) else "file"
        return JSONResponse({"content": base64.b64encode(content).decode("ascii"), "file_type": kind})

    async def _status(self, request: Request) -> Response:
        return JSONResponse(self._files.status(_path(request.query_params)))

    async def _list(self, request: Request) -> Response:
        objects = self._files.listing(_path(request.query_params))
        return JSONResponse({"objects": objects} if objects else {})

    async def _delete(self, request: Request) -> Response:
        body = await json_object(request)
        self._files.delete(_path(body), recursive=body.get("recursive") is True)
        return JSONResponse({})


def _path(fields: Any) -> str:
    path = fields.get("path")
    if not isinstance(path, str) or not path:
        raise invalid("Missing required field: path")
    return path


def _one_of(name: str, value: Any, known: tuple[str, ...]) -> str:
    if value not in known:
        raise invalid(f"Unsupported {name} '{value}'; the emulator knows {', '.join(known)}.")
    return str(value)


def _import(fields: dict[str, Any]) -> Import:
    language = fields.get("language")
    return Import(
        content=_content(fields),
        format=_one_of("format", fields.get("format", "SOURCE"), _FORMATS),
        language=None if language is None else _one_of("language", language, _LANGUAGES),
        overwrite=fields.get("overwrite") in {True, "true"},
    )


def _content(fields: dict[str, Any]) -> bytes:
    content = fields.get("content", b"")
    if isinstance(content, bytes):
        return content
    try:
        return base64.b64decode(content, validate=True)
    except (binascii.Error, TypeError, ValueError) as error:
        raise invalid("The field 'content' is not base64-encoded.") from error


async def _import_fields(request: Request) -> dict[str, Any]:
    """Fields of the body: JSON with base64 content, or a form whose part `content` is the bytes themselves."""
    kind = request.headers.get("content-type", "")
    if not kind.startswith("multipart/form-data"):
        return await json_object(request)
    fields: dict[str, Any] = {}
    for name, content in form_parts(kind, await request.body()):
        fields[name] = content if name == "content" else content.decode("utf-8", "replace")
    return fields


def form_parts(content_type: str, body: bytes) -> list[tuple[str, bytes]]:
    """Names and contents of the parts of a form.

    Raises:
        ApiError: The body is no form.
    """
    boundary = _header("content-type", content_type).get_param("boundary")
    if not isinstance(boundary, str):
        raise invalid("A multipart request needs a boundary.")
    parts: list[tuple[str, bytes]] = []
    for part in (b"\r\n" + body).split(b"\r\n--" + boundary.encode("ascii", "replace"))[1:]:
        if part.startswith(b"--"):
            return parts
        head, _, content = part.removeprefix(b"\r\n").partition(b"\r\n\r\n")
        name = BytesHeaderParser(policy=HTTP).parsebytes(head).get_param("name", header="content-disposition")
        parts.append((str(name), content))
    raise ApiError(400, "MALFORMED_REQUEST", "The multipart request does not end.")


def _header(name: str, value: str) -> Any:
    return BytesHeaderParser(policy=HTTP).parsebytes(f"{name}: {value}".encode("latin-1"))
