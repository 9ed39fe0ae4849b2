"""v1's `azureml.data.dataset_type_definitions`."""

from enum import IntEnum


class PromoteHeadersBehavior(IntEnum):
    """How the first rows of delimited files are read."""

    NO_HEADERS = 0
    ONLY_FIRST_FILE_HAS_HEADERS = 1
    COMBINE_ALL_FILES_HEADERS = 2
    ALL_FILES_HAVE_SAME_HEADERS = 3
