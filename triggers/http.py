"""The one HTTP function: hands every request to the FastAPI application."""

from collections.abc import Callable
from functools import lru_cache
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

import azure.durable_functions as df
import azure.functions as func

from shared import bootstrap
from shared.core import names

bp = df.Blueprint(http_auth_level=func.AuthLevel.ANONYMOUS)


@lru_cache(maxsize=1)
def _application() -> Callable[[func.HttpRequest, func.Context], func.HttpResponse]:
    """Made at the first request: importing FastAPI and building its routes would slow down every cold start."""
    from api.app import create_app  # noqa: PLC0415

    middleware: Any = func.AsgiMiddleware  # azure-functions leaves it untyped
    serve: Callable[[func.HttpRequest, func.Context], func.HttpResponse] = middleware(create_app()).main
    return serve


@bp.function_name(names.HTTP_FUNCTION)
@bp.route(route="{*path}", methods=["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS"])
@bp.durable_client_input(client_name="client")
def http(req: func.HttpRequest, context: func.Context, client: df.SyncDurableFunctionsClient) -> func.HttpResponse:
    """Serve one request in this thread, on an event loop of its own."""
    from api.dependencies import current_engine  # noqa: PLC0415
    from api.problems import problem_response  # noqa: PLC0415
    from api.v1.errors import PREFIX, response_in_v1_form  # noqa: PLC0415

    token = current_engine.set(bootstrap.engine(client))
    try:
        return _application()(req, context)
    except UnicodeDecodeError:  # azure-functions decodes the path before the application can refuse it
        problem = problem_response(HTTPStatus.BAD_REQUEST, "invalid_path", "The path is not valid UTF-8.")
        if urlsplit(req.url).path.startswith(PREFIX):
            problem = response_in_v1_form(problem)
        return func.HttpResponse(bytes(problem.body), status_code=problem.status_code, mimetype=problem.media_type)
    finally:
        current_engine.reset(token)
