"""Absolute addresses that the API gives out.

They are made from the request itself: whoever asked has reached the API by that name, so the name works for them,
which no setting could know (PIPEYARD_BASE_URL is the address for jobs, and those may live in another network). Behind
a proxy that puts its own name into `Host`, the usual `X-Forwarded-Host` and `X-Forwarded-Proto` say what the client
used. A lie in them reaches only the one who told it.
"""

import re
from typing import Annotated

from fastapi import Depends, Request

WORKSPACE = (
    "/pipelines/v1.0/subscriptions/{subscription}/resourceGroups/{group}"
    "/providers/Microsoft.MachineLearningServices/workspaces/{workspace_name}"
)
"""Where v1's clients look for a workspace. One deployment is one workspace, whatever stands in the braces."""
_NEUTRAL = WORKSPACE.format(subscription="pipeyard", group="pipeyard", workspace_name="pipeyard")
"""v1's notebooks cut an endpoint's address at its first `Id`, so no name of anybody's may come before it."""
_HOST = re.compile(r"[A-Za-z0-9.\-]{1,253}(:[0-9]{1,5})?|\[[0-9A-Fa-f:.]{2,45}\](:[0-9]{1,5})?")


class Links:
    """Makes addresses below one base."""

    def __init__(self, base: str) -> None:
        self._base = base

    def submit_published(self, published_pipeline_id: str) -> str:
        """Where v1's clients submit a published pipeline."""
        return f"{self._base}{_NEUTRAL}/PipelineRuns/PipelineSubmit/{published_pipeline_id}"

    def submit_endpoint(self, pipeline_endpoint_id: str) -> str:
        """Where v1's clients submit an endpoint: it ends in `Id/<id>`, and they add `/<version>` to it."""
        return f"{self._base}{_NEUTRAL}/PipelineRuns/PipelineEndpointSubmit/Id/{pipeline_endpoint_id}"

    def description(self) -> str:
        """The API for machines."""
        return f"{self._base}/api/openapi.json"


async def _links(request: Request) -> Links:
    forwarded_host = request.headers.get("x-forwarded-host", "").split(",")[0].strip()
    host = forwarded_host if _HOST.fullmatch(forwarded_host) else request.url.netloc
    forwarded_scheme = request.headers.get("x-forwarded-proto", "").split(",")[0].strip().lower()
    scheme = forwarded_scheme if forwarded_scheme in {"http", "https"} else request.url.scheme
    return Links(f"{scheme}://{host.lower()}")


LinksDep = Annotated[Links, Depends(_links)]
