"""Datastores that another instance registers anew while this one believes what it read last."""

from pydantic import SecretStr

from shared import bootstrap
from shared.config import load_settings
from shared.core.datastores import Datastore
from shared.services.datastore_registration import DatastoreRequest, register_datastore
from shared.services.datastores import open_datastore
from shared.services.workspace import Workspace
from shared.steps import STEP_TYPES


def test_a_new_key_is_found_although_the_old_record_is_still_believed(storage_account, tmp_path):
    settings = {"PIPEYARD_STORAGE": storage_account, "PIPEYARD_DATA_DIR": str(tmp_path), "PIPEYARD_LOCAL_PROCESS": "1"}
    services = bootstrap._services(load_settings(settings), bootstrap._SystemClock())
    services.compute.close()  # no job runs here
    one, other = (Workspace(services, STEP_TYPES, name="test", max_parallel_steps=1) for _ in range(2))
    key = SecretStr("a2V5" * 8)
    request = DatastoreRequest(
        type="azure_blob", account_name="abc", container="raw", account_key=key, skip_validation=True
    )
    register_datastore(one, "raw", request, overwrite=False)
    open_datastore(other, "raw")
    register_datastore(one, "raw", request, overwrite=True)
    assert services.secrets.get((services.catalogue.get(Datastore, "raw")).secret_name or "") is not None
    assert open_datastore(other, "raw").place == "abc.blob.core.windows.net/raw"
