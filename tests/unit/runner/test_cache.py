import hashlib
import subprocess
import sys
from pathlib import Path

import pytest

from runner.cache import SEAL_NS, Cache
from runner.errors import TransferError
from runner.http_client import HttpClient
from runner.spec import FileSpec

ROOT = Path(__file__).parents[3]


@pytest.fixture
def cache(tmp_path):
    client = HttpClient(timeout_seconds=5)
    yield Cache(tmp_path / "cache", client, (0.01, 0.01))
    client.close()


def spec(server, data=b"data", **changes):
    return FileSpec(**{"path": "f", **server.put("blob", data), **changes})


def test_files_are_fetched_once_and_linked(cache, server, tmp_path):
    file = spec(server)
    links = [cache.link(file, tmp_path / name) for name in ("a", "b")]
    assert (tmp_path / "a").stat().st_ino == (tmp_path / "b").stat().st_ino
    assert (tmp_path / "a").stat().st_mtime_ns == SEAL_NS
    assert len(server.requests) == 1
    assert not any(cache.changed(link) for link in links)


def test_copies_can_be_changed(cache, server, tmp_path):
    cache.copy(spec(server), tmp_path / "a")
    (tmp_path / "a").write_text("changed")
    cache.copy(spec(server), tmp_path / "b")
    assert (tmp_path / "b").read_bytes() == b"data"


def test_who_writes_to_a_link_is_found_even_after_moving_it_away(cache, server, tmp_path):
    file = spec(server)
    link = cache.link(file, tmp_path / "a")
    (tmp_path / "a").chmod(0o644)
    (tmp_path / "a").write_bytes(b"evil")
    (tmp_path / "a").rename(tmp_path / "elsewhere")
    assert cache.changed(link)
    cache.link(file, tmp_path / "b")
    assert (tmp_path / "b").read_bytes() == b"data"


def test_a_broken_seal_is_seen_even_if_nobody_looked_after_the_job(cache, server, tmp_path):
    file = spec(server)
    cache.link(file, tmp_path / "a")
    (tmp_path / "a").chmod(0o644)
    (tmp_path / "a").write_bytes(b"evil")
    cache.link(file, tmp_path / "b")
    assert (tmp_path / "b").read_bytes() == b"data"


def test_replacing_the_name_of_an_input_is_no_change(cache, server, tmp_path):
    link = cache.link(spec(server), tmp_path / "a")
    (tmp_path / "a").unlink()
    (tmp_path / "a").write_bytes(b"mine")
    assert not cache.changed(link)
    assert cache.path_of(spec(server).digest).read_bytes() == b"data"


def test_digests_other_than_sha256(cache, server, tmp_path):
    md5 = "md5:" + hashlib.md5(b"data").hexdigest()
    cache.copy(spec(server, digest=md5), tmp_path / "a")
    cache.copy(spec(server, digest='etag:"0x8/../x"'), tmp_path / "b")
    assert cache.path_of('etag:"0x8/../x"').parent.parent.name == "etag"
    with pytest.raises(TransferError):
        cache.copy(spec(server, digest="md5:" + "0" * 32), tmp_path / "c")
    with pytest.raises(TransferError):
        cache.copy(spec(server, digest='etag:"other"', size=5), tmp_path / "c")
    assert not [path for path in (tmp_path / "cache").rglob("*") if path.is_file() and path.stat().st_mode & 0o222]


def test_broken_downloads_are_tried_again(cache, server, tmp_path):
    statuses = iter([503, 0])
    server.fail = lambda request: next(statuses, None)
    cache.copy(spec(server), tmp_path / "a")
    assert (tmp_path / "a").read_bytes() == b"data"


def test_many_processes_download_a_file_once(server, tmp_path):
    file = spec(server, b"x" * 3_000_000)
    code = (
        "import sys; from pathlib import Path; from runner.cache import Cache\n"
        "from runner.http_client import HttpClient; from runner.spec import FileSpec\n"
        "file = FileSpec('f', *sys.argv[3:5], int(sys.argv[5]))\n"
        "Cache(Path(sys.argv[1]), HttpClient()).link(file, Path(sys.argv[2]))"
    )
    arguments = [file.url, file.digest, str(file.size)]
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", code, str(tmp_path / "cache"), str(tmp_path / f"l{i}"), *arguments], cwd=ROOT
        )
        for i in range(5)
    ]
    assert [process.wait(60) for process in processes] == [0] * 5
    assert len(server.requests) == 1
    assert len({(tmp_path / f"l{i}").stat().st_ino for i in range(5)}) == 1
