"""A blob of the default datastore is new or changed: Event Grid says so in Azure, the local host on one machine.

Only the name counts. The content comes along because the binding brings it, and is not looked at.
"""

import azure.durable_functions as df
import azure.functions as func

from shared import bootstrap
from shared.core import names
from shared.services.arrivals import blob_arrived as arrived

bp = df.Blueprint()


@bp.function_name(names.BLOB_ARRIVED)
@bp.blob_trigger(
    arg_name="blob",
    path=f"{names.DEFAULT_DATASTORE_CONTAINER}/{{name}}",
    connection="DataStorage",
    source=func.BlobSource.EVENT_GRID,
)
@bp.durable_client_input(client_name="client")
def blob_arrived(blob: func.InputStream, client: df.SyncDurableFunctionsClient) -> None:
    """Note it for every schedule that waits for it."""
    path = (blob.name or "").removeprefix(f"{names.DEFAULT_DATASTORE_CONTAINER}/")
    if path:
        arrived(bootstrap.workspace(), bootstrap.engine(client), path)
