"""What an input counts as: everything of it that a script can see, and nothing else."""

import pytest

from shared.core import names
from shared.core.datasets import DatasetDefinition
from shared.services.dataset_files import list_dataset
from shared.services.datastores import find_files
from tests.unit.services.scheduling import World

STORE = names.DEFAULT_DATASTORE


def of_reference(world: World, path: str) -> str:
    return find_files(world.workspace, STORE, path).digest


def of_dataset(world: World, path: str) -> str:
    document = {"sources": [{"datastore": STORE, "path": path}]}
    return list_dataset(world.workspace, DatasetDefinition.model_validate(document)).digest


@pytest.mark.parametrize("digest", [of_reference, of_dataset])
def test_the_name_of_a_single_file_counts_and_its_folder_does_not(world: World, digest):
    for path in ("one/a.csv", "two/a.csv", "three/a.txt"):
        world.put(path, b"1,2")
    assert digest(world, "one/a.csv") == digest(world, "two/a.csv")
    assert digest(world, "one/a.csv") != digest(world, "three/a.txt"), "scripts read by the extension"
    assert digest(world, "one/a.csv") != digest(world, "one"), "a file is no folder"
    assert digest(world, "one") == digest(world, "two")
