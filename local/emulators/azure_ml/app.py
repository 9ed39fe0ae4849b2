"""Puts the service together."""

from http import HTTPStatus

from starlette.applications import Starlette
from starlette.types import ASGIApp

from local.emulators.azure_ml.assets import Assets
from local.emulators.azure_ml.calls import unknown_route
from local.emulators.azure_ml.clusters import Clusters
from local.emulators.azure_ml.computes import Computes
from local.emulators.azure_ml.contract import CodeVersion, EnvironmentVersion
from local.emulators.azure_ml.datastores import Datastores
from local.emulators.azure_ml.errors import fault_body
from local.emulators.azure_ml.execution import Surroundings
from local.emulators.azure_ml.job_checks import JobChecks
from local.emulators.azure_ml.job_queue import JobQueue
from local.emulators.azure_ml.job_store import JobStore
from local.emulators.azure_ml.jobs import Jobs
from local.emulators.azure_ml.run_history import RunHistory
from local.emulators.azure_ml.workspaces import workspace_routes
from local.emulators.documents import Documents
from local.emulators.home import Home


def build(home: Home) -> ASGIApp:
    """The service over a home, with the jobs of an earlier one taken up."""

    def kept(name: str) -> Documents:
        return Documents(home.folder / name)

    codes = Assets("codes", CodeVersion, ("codeUri",), kept("codes"))
    environments = Assets(
        "environments", EnvironmentVersion, ("image", "condaFile", "build"), kept("environment_versions")
    )
    datastores = Datastores(home.storage, kept("datastores"))
    clusters = Clusters(kept("computes"), home.faults)
    store = JobStore(kept("jobs"))
    around = Surroundings(home, store, clusters, datastores, codes, environments)
    queue = JobQueue(around)
    routes = [
        *workspace_routes(),
        *codes.routes,
        *environments.routes,
        *datastores.routes,
        *Computes(clusters, home.faults, queue.cancel).routes,
        *Jobs(store, queue, JobChecks(codes, environments, clusters)).routes,
        *RunHistory(store, around.folder).routes,
    ]
    queue.take_up()
    errors = {HTTPStatus.NOT_FOUND: unknown_route, HTTPStatus.METHOD_NOT_ALLOWED: unknown_route}
    return home.faults.guard(Starlette(routes=routes, exception_handlers=errors), fault_body)
