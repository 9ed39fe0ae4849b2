"""The workspace itself, and where its other services are."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from local.emulators.azure_ml.calls import WORKSPACE, Call, endpoint, timestamp

_DISCOVERY = "/discovery/workspaces"


def workspace_routes() -> list[Route]:
    """The workspace's part of the service."""
    return [Route(WORKSPACE, endpoint(_workspace)), Route(_DISCOVERY + "/{rest:path}", _discovery)]


def _workspace(call: Call) -> Response:
    name = call.names["workspace"]
    shown = {
        "id": call.workspace,
        "name": name,
        "type": "Microsoft.MachineLearningServices/workspaces",
        "location": "local",
        "tags": {},
        "systemData": {"createdAt": timestamp(0), "createdBy": "emulator", "createdByType": "User"},
        "properties": {
            "friendlyName": name,
            "workspaceId": name,
            "provisioningState": "Succeeded",
            "discoveryUrl": f"{call.base}{_DISCOVERY}{call.workspace}",
            "mlFlowTrackingUri": f"azureml:{call.base}/mlflow/v1.0{call.workspace}",
        },
    }
    return JSONResponse(shown)


async def _discovery(request: Request) -> Response:
    base = str(request.base_url).rstrip("/")
    return JSONResponse({"api": base, "history": base})
