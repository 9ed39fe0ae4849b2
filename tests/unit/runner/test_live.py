import pytest

from runner import live
from runner.errors import TransferError
from runner.http_client import HttpClient
from runner.live import LogUpload, MetricsUpload
from tests.unit.runner.blob_server import QUERY


@pytest.fixture
def client():
    made = HttpClient(timeout_seconds=5)
    yield made
    made.close()


@pytest.fixture
def path(tmp_path):
    return tmp_path / "log.txt"


@pytest.fixture
def log(client, server, path):
    return LogUpload(client, path, f"{server.base_url}/log?{QUERY}")


def write(path, text):
    with path.open("a") as stream:
        stream.write(text)


def never():
    return False


def test_a_short_log_is_one_put(log, path, server):
    write(path, "all\n")
    assert log.finish(())
    assert [(request.method, request.operation) for request in server.requests] == [("PUT", "")]
    assert server.kinds["log"] == "BlockBlob"


def test_no_output_makes_no_blob(log, path, server):
    assert not log.finish(())
    path.touch()
    log.tick(never)
    assert not log.finish(())
    assert server.requests == []


def test_a_growing_log_is_appended_and_ticks_become_rarer(log, path, server):
    for i in range(12):
        write(path, f"{i}\n")
        log.tick(never)
        log.tick(never)
    assert server.blobs["log"] == path.read_bytes()
    assert len(server.requests) == 13
    assert log.interval_seconds == live.LAST_INTERVAL_SECONDS


def test_a_failed_tick_is_made_up_for(log, path, server):
    server.fail = lambda request: 503
    write(path, "one\n")
    log.tick(never)
    server.fail = lambda request: None
    write(path, "two\n")
    log.tick(never)
    assert server.blobs["log"] == b"one\ntwo\n"


def test_a_block_whose_answer_was_lost_is_not_appended_twice(log, path, server):
    write(path, "one\n")
    log.tick(never)
    lost = iter([True])
    server.drop_answer = lambda request: request.operation == "appendblock" and next(lost, False)
    write(path, "two\n")
    log.tick(never)
    write(path, "three\n")
    log.finish((0.01, 0.01))
    assert server.blobs["log"] == b"one\ntwo\nthree\n"


def test_a_log_that_is_there_already_is_continued(log, path, server):
    server.blobs["log"] = b"earlier\n"
    write(path, "one\n")
    log.tick(never)
    write(path, "two\n")
    log.tick(never)
    assert server.blobs["log"] == b"earlier\none\ntwo\n"


def test_a_log_beyond_the_limit_of_blocks_is_cut(log, path, server, monkeypatch):
    monkeypatch.setattr(live, "MAX_BLOCKS", 5)
    monkeypatch.setattr(live, "_BLOCKS_FOR_THE_END", 2)
    for i in range(9):
        write(path, f"{i}\n")
        log.tick(never)
    assert server.blobs["log"] == b"0\n1\n2\n"
    assert log.finish(())
    assert server.blobs["log"] == path.read_bytes()
    assert not log.cut


def test_the_final_upload_insists_and_then_fails(log, path, server):
    write(path, "one\n")
    log.tick(never)
    write(path, "two\n")
    server.fail = lambda request: 500
    with pytest.raises(TransferError):
        log.finish((0.01, 0.01))
    assert len(server.seen("PUT", "log")) == 5


def test_metrics_are_uploaded_when_they_changed(client, path, server):
    metrics = MetricsUpload(client, path, f"{server.base_url}/m?{QUERY}")
    metrics.tick()
    assert not metrics.finish(())
    for text in ("1\n", "2\n"):
        write(path, text)
        metrics.tick()
        metrics.tick()
    assert metrics.finish(())
    assert server.blobs["m"] == b"1\n2\n"
    assert len(server.requests) == 2
