"""Webhooks from outside: signed, filtered, tried again, given up visibly, and never lost, whatever is killed."""

import base64
import hashlib
import hmac
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.guarded import Guarded
from tests.e2e.workspace import Api, Flow, Json, problem
from tests.fakes.http_server import HttpServer, Reply
from tests.waiting import until

NOBODY = "00000000-0000-8000-8000-000000000000"


class Receiver(HttpServer):
    """Takes messages, and answers as the test says."""

    def __init__(self) -> None:
        super().__init__()
        self.usually(204)

    def usually(self, status: int) -> None:
        self.answer = lambda _: Reply(status)

    @property
    def hook(self) -> str:
        return f"{self.url}/hook"

    def messages(self, secret: str) -> list[Json]:
        """Every message so far, each with a signature that is right."""
        return [
            _checked({name.lower(): value for name, value in each.headers.items()}, each.body, secret)
            for each in list(self.requests)
        ]


def _checked(headers: dict[str, str], body: bytes, secret: str) -> Json:
    """What docs/webhooks.md tells receivers to do."""
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    key = base64.b64decode(secret.removeprefix("whsec_"))
    expected = base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
    assert headers["webhook-signature"] == f"v1,{expected}"
    return {"id": headers["webhook-id"], **json.loads(body)}


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as server:
        yield server


@pytest.fixture
def boss(guarded: Guarded) -> Api:
    return guarded.caller("hooks-boss", "Administrator")


@pytest.fixture
def flow(guarded: Guarded, tmp_path: Path, request: pytest.FixtureRequest) -> Flow:
    return Flow(guarded.caller(f"hooks-{request.node.name[:60]}"), tmp_path)


def hook(boss: Api, receiver: Receiver, flow: Flow, **fields: object) -> Json:
    """A webhook for the runs of one test."""
    body = {"name": "test", "url": receiver.hook, "pipeline": flow.name, **fields}
    return boss.post("/api/webhooks", body, status=201)


def deliveries(boss: Api, webhook: Json) -> list[Json]:
    return list(boss.get(f"/api/webhooks/{webhook['id']}/deliveries")["value"])


def test_the_end_of_a_run_is_told_with_a_signature(guarded: Guarded, boss: Api, receiver: Receiver, flow: Flow) -> None:
    webhook = hook(boss, receiver, flow)
    ended = flow.run(flow.step("only")).finished()
    until(lambda: receiver.requests, "the message")
    message = receiver.messages(webhook["secret"])[0]
    assert message["type"] == "run.finished"
    assert message["data"]["run_id"] == ended.run_id
    assert message["data"]["status"] == "Finished"
    assert message["timestamp"] == ended.run["ended_at"]
    until(lambda: deliveries(boss, webhook)[0]["status"] == "Delivered", "the delivery's end")
    row = deliveries(boss, webhook)[0]
    assert (row["id"], row["run_id"], row["attempts"], row["last_status"]) == (message["id"], ended.run_id, 1, 204)
    assert "secret" not in boss.get(f"/api/webhooks/{webhook['id']}")
    assert boss.get(f"/api/webhooks/{webhook['id']}")["url"] == webhook["url"]
    others = guarded.caller("hooks-reader", "Reader")
    listed = others.get("/api/webhooks", page_size=200)["value"]
    for seen in (others.get(f"/api/webhooks/{webhook['id']}"), *listed):
        assert seen["url"].endswith("/..."), "many receivers take whoever knows the URL"
    assert webhook["secret"] not in json.dumps(boss.get("/api/webhooks"))


def test_only_runs_that_are_asked_for_are_told(boss: Api, receiver: Receiver, flow: Flow) -> None:
    failed = hook(boss, receiver, flow, statuses=["Failed"])
    hook(boss, receiver, flow, experiment="another")
    off = hook(boss, receiver, flow)
    boss.http.patch(f"/api/webhooks/{off['id']}", json={"status": "Disabled"}).raise_for_status()
    flow.run(flow.step("good")).finished()
    assert flow.run(flow.step("bad", "sys.exit(3)")).status == "Failed"
    until(lambda: receiver.requests, "the message")
    assert [message["type"] for message in receiver.messages(failed["secret"])] == ["run.failed"]


def test_failures_are_tried_again_and_a_dead_letter_can_be_sent_again(
    boss: Api, receiver: Receiver, flow: Flow
) -> None:
    webhook = hook(boss, receiver, flow)
    receiver.replies = [Reply(500), Reply(302), Reply(404)]
    flow.run(flow.step("only")).finished()
    until(lambda: deliveries(boss, webhook)[0]["status"] == "Delivered", "the delivery's end")
    row = deliveries(boss, webhook)[0]
    assert row["attempts"] == 4
    assert {message["id"] for message in receiver.messages(webhook["secret"])} == {row["id"]}
    receiver.replies = [Reply(410)]
    again = boss.post(f"/api/webhooks/{webhook['id']}/deliveries/{row['id']}/redeliver", status=202)
    assert (again["status"], again["attempts"]) == ("Pending", 0)
    until(lambda: deliveries(boss, webhook)[0]["status"] == "DeadLettered", "the dead letter")
    assert deliveries(boss, webhook)[0]["last_status"] == 410
    gone = boss.get(f"/api/webhooks/{webhook['id']}")
    assert gone["status"] == "Disabled"
    assert "410" in gone["note"]
    redeliver = f"/api/webhooks/{webhook['id']}/deliveries/{row['id']}/redeliver"
    problem(boss.http.post(redeliver), 409)
    changed = boss.http.patch(f"/api/webhooks/{webhook['id']}", json={"status": "Active", "rotate_secret": True}).json()
    assert changed["secret"] != webhook["secret"]
    receiver.requests.clear()
    boss.post(redeliver, status=202)
    until(lambda: deliveries(boss, webhook)[0]["status"] == "Delivered", "the delivery's end")
    assert receiver.messages(changed["secret"])[0]["id"] == row["id"]


def test_a_waiting_delivery_can_be_sent_at_once(boss: Api, receiver: Receiver, flow: Flow) -> None:
    webhook = hook(boss, receiver, flow)
    receiver.usually(503)
    flow.run(flow.step("only")).finished()
    until(lambda: len(receiver.requests) >= 5, "five tries")
    receiver.usually(204)
    row = until(lambda: (row := deliveries(boss, webhook)[0])["attempts"] >= 5 and row, "the wait")
    assert row["last_error"] == "The receiver answered 503."
    boss.post(f"/api/webhooks/{webhook['id']}/deliveries/{row['id']}/redeliver", status=202)
    until(lambda: deliveries(boss, webhook)[0]["status"] == "Delivered", "the delivery's end")
    assert deliveries(boss, webhook)[0]["ended_at"] < row["next_try_at"]
    assert len({message["id"] for message in receiver.messages(webhook["secret"])}) == 1


def test_a_killed_workspace_delivers_after_its_restart(
    guarded: Guarded, boss: Api, receiver: Receiver, flow: Flow
) -> None:
    webhook = hook(boss, receiver, flow)
    receiver.usually(500)
    ended = flow.run(flow.step("only")).finished()
    until(lambda: len(receiver.requests) >= 2, "two tries")
    guarded.kill()
    receiver.usually(204)
    guarded.start()
    until(lambda: deliveries(boss, webhook)[0]["status"] == "Delivered", "the delivery's end")
    messages = receiver.messages(webhook["secret"])
    assert {message["id"] for message in messages} == {deliveries(boss, webhook)[0]["id"]}
    assert {message["data"]["run_id"] for message in messages} == {ended.run_id}


def test_what_is_wrong_is_said(boss: Api, guarded: Guarded) -> None:
    for body in (
        {"name": "x", "url": "ftp://127.0.0.1/"},
        {"name": "x", "url": "http://user:word@127.0.0.1/"},
        {"name": "x", "url": "http://127.0.0.1/", "statuses": ["Running"]},
        {"name": "x"},
    ):
        problem(boss.http.post("/api/webhooks", json=body), 422)
    problem(boss.http.get(f"/api/webhooks/{NOBODY}"), 404)
    problem(boss.http.get(f"/api/webhooks/{NOBODY}/deliveries"), 404)
    problem(boss.http.delete(f"/api/webhooks/{NOBODY}"), 404)
    problem(boss.http.post(f"/api/webhooks/{NOBODY}/deliveries/{NOBODY}/redeliver"), 404)
    problem(guarded.caller("pub", "Publisher").http.post("/api/webhooks", json={}), 403)
