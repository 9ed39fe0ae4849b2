"""v1's `azureml.data.azure_storage_datastore`: containers and shares of a storage account."""

from pipeyard.core.datastore import Datastore


class AzureBlobDatastore(Datastore):
    """A container of Azure Blob Storage."""

    datastore_type = "AzureBlob"
    kind = "azure_blob"


class AzureFileDatastore(Datastore):
    """A share of Azure Files."""

    datastore_type = "AzureFile"
    kind = "azure_file"
