"""One key for all instances, whoever makes it and whatever gets lost."""

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from shared.adapters.secrets.secret_folder import SecretFolder
from shared.core import names
from shared.services.run_token_key import run_token_key
from tests.unit.services.scheduling import World


def test_instances_that_begin_together_agree(world: World, tmp_path: Path):
    secrets, catalogue = SecretFolder(tmp_path / "s"), world.workspace.services.catalogue
    barrier = threading.Barrier(8)

    def make(_: int) -> str:
        barrier.wait()
        return run_token_key(secrets, catalogue)

    with ThreadPoolExecutor(8) as pool:
        found = set(pool.map(make, range(8)))
    assert len(found) == 1
    assert len(found.pop()) >= 48
    assert len(list((tmp_path / "s").iterdir())) == 1, "keys that do not count are not kept"


def test_a_key_that_was_lost_is_made_anew_and_is_never_empty(world: World, tmp_path: Path):
    catalogue = world.workspace.services.catalogue
    first = run_token_key(SecretFolder(tmp_path / "a"), catalogue)
    second = run_token_key(SecretFolder(tmp_path / "b"), catalogue)
    assert len({first, second, ""}) == 3
    assert run_token_key(SecretFolder(tmp_path / "b"), catalogue) == second


def test_a_key_of_the_administrators_own_comes_first(world: World, tmp_path: Path):
    secrets = SecretFolder(tmp_path / "s")
    run_token_key(secrets, world.workspace.services.catalogue)
    secrets.set(names.RUN_TOKEN_KEY, "own" * 20)
    assert run_token_key(secrets, world.workspace.services.catalogue) == "own" * 20
