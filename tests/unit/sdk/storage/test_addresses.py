"""Addresses are asked for in batches and renewed before they run out."""

from pipeyard._storage.addresses import BATCH, FRESH_SECONDS, Addresses


class Asked:
    def __init__(self) -> None:
        self.batches: list[list[str]] = []
        self.now = 0.0

    def ask(self, paths: list[str]) -> dict[str, str]:
        self.batches.append(paths)
        return {path: f"{path}?{len(self.batches)}" for path in paths}


def test_a_batch_is_asked_for_once():
    asked = Asked()
    addresses = Addresses(asked.ask, [f"{number:04d}" for number in range(BATCH + 1)], clock=lambda: asked.now)
    assert asked.batches == []
    assert [addresses.of("0003"), addresses.of("0001"), addresses.of(f"{BATCH:04d}")] == ["0003?1", "0001?1", "0500?2"]
    assert [len(batch) for batch in asked.batches] == [BATCH, 1]


def test_an_address_is_renewed_before_its_signature_ends():
    asked = Asked()
    addresses = Addresses(asked.ask, ["a"], clock=lambda: asked.now)
    assert addresses.of("a") == "a?1"
    asked.now = FRESH_SECONDS
    assert addresses.of("a") == "a?1"
    asked.now += 1
    assert addresses.of("a") == "a?2"
