"""Register the datastore `lake`: a second container of the storage that `./dev start` runs."""

from pipeyard.core import Datastore, Workspace

AZURITE_KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="  # public

Datastore.register_azure_blob_container(
    Workspace.from_config(),
    "lake",
    "lake",
    "devstoreaccount1",
    account_key=AZURITE_KEY,
    endpoint="http://127.0.0.1:10000/devstoreaccount1",
    overwrite=True,
    create_if_not_exists=True,
)
