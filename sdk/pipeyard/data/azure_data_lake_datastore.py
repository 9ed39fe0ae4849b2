"""v1's `azureml.data.azure_data_lake_datastore`: file systems of Data Lake Storage Gen2."""

from pipeyard.core.datastore import Datastore


class AzureDataLakeGen2Datastore(Datastore):
    """A file system of Data Lake Storage Gen2."""

    datastore_type = "AzureDataLakeGen2"
    kind = "azure_data_lake_gen2"
