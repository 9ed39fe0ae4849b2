"""The cost model: months worked out by hand, price lists that are wrong, the command, and the page that quotes it."""

import ast
import json
import re
import shlex
import tomllib
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from pipeyard._cost.documents import text_of
from pipeyard._cost.measured import load_measured, looks
from pipeyard._cost.model import estimate
from pipeyard._cost.prices import METERS, load_prices
from pipeyard._cost.workload import Workload
from pipeyard.cli.main import main
from pipeyard.exceptions import UserErrorException

ROOT = Path(__file__).parent.parent.parent.parent
PAGE = ROOT / "docs/cost.md"
EXAMPLES = re.findall(
    r"^```console\n\$ pipeyard (cost estimate (?:.*\\\n)*.*)\n((?:.*\n)*?)```$", PAGE.read_text(), re.MULTILINE
)
COUNTS = load_measured()
PRICES = load_prices()


@pytest.fixture
def cli(capsys):
    """Runs a command line with no workspace to be had; gives exit code, stdout and stderr."""

    def refuse(request):
        raise AssertionError(f"asked {request.url}")

    def run(*words):
        with pytest.raises(SystemExit) as ended:
            main(words, transport=httpx.MockTransport(refuse))
        captured = capsys.readouterr()
        return ended.value.code or 0, captured.out, captured.err

    return run


def lines(**work):
    return {line.meter: line for line in estimate(Workload(**work), PRICES).lines}


def test_an_idle_month_by_hand():
    found = lines()
    executions = 43_800 + 730
    assert found["functions_executions"].quantity == executions
    assert found["functions_executions"].cost == 0  # 250,000 are free
    assert found["functions_gb_seconds"].quantity == executions * 1 * 2
    assert found["functions_gb_seconds"].cost == 0  # 100,000 are free
    assert found["table_transactions"].quantity == 43_800 * 3
    assert found["queue_operations"].quantity == 43_800 * 6 * 5 * 2
    assert found["queue_operations"].cost == pytest.approx(43_800 * 60 / 10_000 * 0.0004)
    assert found["blob_other"].quantity == 43_800 * 12 + 43_800 * 6 * 2
    assert found["blob_reads"].quantity == 43_800 * 6
    assert found.keys() == {
        *("functions_executions", "functions_gb_seconds", "table_transactions", "queue_operations"),
        *("blob_other", "blob_reads"),
    }


def test_instances_of_all_sizes_wait():
    small, large = (lines(memory_mb=size)["functions_gb_seconds"] for size in (512, 4096))
    assert (small.quantity, small.cost) == ((43_800 + 730) / 2, 0)
    assert large.cost == pytest.approx(((43_800 + 730) * 4 - 100_000) * 0.000026)


def test_runs_are_counted_by_what_was_measured():
    idle, busy = lines(), lines(runs_per_day=24, steps=10, reused=0.25, seconds=5)
    runs, run, reused = 730, 730 * 7.5, 730 * 2.5
    kinds = ("http", "job_ended", "activities", "turns")
    each = [sum(COUNTS[f"{name}_{kind}"] for kind in kinds) for name in ("run", "step_run", "step_reused")]
    executions = runs * each[0] + run * each[1] + reused * each[2]
    assert busy["functions_executions"].quantity - idle["functions_executions"].quantity == pytest.approx(executions)
    turns = runs * COUNTS["run_turns"] + run * COUNTS["step_run_turns"] + reused * COUNTS["step_reused_turns"]
    own = runs * COUNTS["run_table"] + run * COUNTS["step_run_table"] + reused * COUNTS["step_reused_table"]
    tables = busy["table_transactions"].quantity - idle["table_transactions"].quantity
    assert tables == pytest.approx(own + 3 * turns)
    assert busy["key_vault_operations"].quantity == run


@pytest.mark.parametrize(
    ("seconds", "number"),
    [(0, 0), (10, 0), (10.1, 1), (25, 1), (26, 2), (47.5, 2), (48, 3), (3 * 86_400, 870)],
)
def test_looks_grow_apart(seconds, number):
    """At 10, 25, 47.5, ... seconds, in the end every five minutes."""
    assert looks(seconds, COUNTS) == number


def test_long_steps_cost_looks_and_nothing_else():
    short, long = (lines(runs_per_day=1, steps=1, seconds=seconds) for seconds in (1, 48))
    more = {meter: long[meter].quantity - short[meter].quantity for meter in long}
    steps = 730 / 24
    assert more["functions_executions"] == pytest.approx(steps * 3 * (1 + COUNTS["look_turns"]))
    assert {meter for meter, difference in more.items() if difference} == {
        *("functions_executions", "functions_gb_seconds", "table_transactions", "queue_operations"),
    }


def test_whatever_else_can_be_asked_for():
    found = lines(
        schedules=3,
        watched_folders=2,
        polling_minutes=10,
        files_per_day=24,
        requests_per_day=48,
        log_mb=240,
        stored_gb=100,
        alerts=True,
        network=True,
    )
    assert found["table_transactions"].quantity == 43_800 * (3 + 3 + 2 * 3) + 4380 * 2 + 730 + 1460
    assert found["blob_lists"].quantity == found["blob_writes"].quantity == 4380 * 2
    assert found["event_grid_operations"].quantity == 1460
    assert found["functions_executions"].quantity == 43_800 + 730 + 730 + 1460
    assert found["log_gb"].quantity == pytest.approx(7.3)
    assert found["log_gb"].cost == pytest.approx(2.3 * 2.76)
    assert found["stored_gb"].cost == pytest.approx(2.08)
    assert (found["log_alert_rules"].quantity, found["metric_alert_series"].quantity) == (3, 9)
    assert found["private_endpoint_hours"].cost == pytest.approx(7 * 7.3)
    assert found["private_dns_zones"].cost == pytest.approx(2)


def test_machines_are_paid_by_the_hours_of_steps():
    found = lines(runs_per_day=24, steps=2, reused=0.5, seconds=1800, vm="Standard_DS3_v2", nodes=4)
    assert found["machine_hours"].quantity == pytest.approx(730 * 0.5 * 4)
    assert found["machine_hours"].cost == pytest.approx(730 * 2 * 0.229)
    with pytest.raises(UserErrorException, match=r"no machine 'Standard_DS3v2'.*Did you mean 'Standard_DS3_v2'"):
        lines(vm="Standard_DS3v2")


def test_months_that_cannot_be_are_refused_with_every_fault():
    with pytest.raises(UserErrorException) as refused:
        lines(runs_per_day=-1, reused=1.5, seconds=1e9, memory_mb=1024, polling_minutes=0, log_mb=float("nan"))
    assert {fault.pointer for fault in refused.value.faults} == {
        *("/runs_per_day", "/reused", "/seconds", "/memory_mb", "/polling_minutes", "/log_mb"),
    }


def test_the_price_list_says_where_each_price_is_from():
    document = tomllib.loads(text_of("prices.toml"))
    assert document["prices"].keys() == METERS.keys()
    for entry in (*document["prices"].values(), *document["machines"].values()):
        assert entry["source"].startswith("https://azure.microsoft.com/")
        assert entry["standing"] != "checked"  # nobody has, for this file


def test_every_count_says_how_it_was_found():
    document = tomllib.loads(text_of("measured.toml"))
    assert all(entry["by"] and entry["date"] for entry in document["measured"].values())
    assert all(entry["from"] and entry["date"] for entry in document["derived"].values())
    places = [entry["from"] for entry in document["derived"].values() if not entry["from"].startswith("https://")]
    assert [place for each in places for place in each.split(", ") if not (ROOT / place).exists()] == []


def test_derived_counts_follow_the_code_and_the_templates():
    def constants(path, *names):
        tree = ast.parse((ROOT / path).read_text())
        assigned = {ast.unparse(node.targets[0]): node.value for node in tree.body if isinstance(node, ast.Assign)}
        return [ast.literal_eval(assigned[name]) for name in names]

    growth, longest = constants("orchestrators/run_step.py", "POLL_GROWTH", "LONGEST_POLL_SECONDS")
    (first,) = constants("shared/adapters/compute/azure_ml.py", "_POLL_SECONDS")
    assert (first, growth, longest) == tuple(
        COUNTS[f"look_{name}"] for name in ("first_seconds", "growth", "longest_seconds")
    )
    schedules = [
        match
        for path in (ROOT / "triggers").glob("*.py")
        for match in re.findall(r'timer_trigger\(.*schedule="([^"]+)"', path.read_text())
    ]
    assert sorted(schedules) == ["0 * * * * *"] * int(COUNTS["timers_each_minute"]) + ["0 17 * * * *"]
    alerts = (ROOT / "infra/modules/alerts.bicep").read_text()
    assert len(re.findall(r"^    query: ", alerts, re.MULTILINE)) == COUNTS["log_alert_rules"]
    values = re.findall(r"^ +'(\w+Error)'$", alerts, re.MULTILINE)
    assert 2 * len(values) + 1 == COUNTS["metric_alert_series"]  # two accounts, and the topic
    network = (ROOT / "infra/modules/network.bicep").read_text()
    assert len(re.findall(r"^  \{ name: .* service: ", network, re.MULTILINE)) == COUNTS["private_endpoints"]
    zones = network.partition("var zoneNames = [")[2].partition("]")[0]
    assert zones.count("'privatelink.") == COUNTS["private_dns_zones"]
    storage = json.loads((ROOT / "host.json").read_text())["extensions"]["durableTask"]["storageProvider"]
    assert storage.get("partitionCount", 4) + 1 == COUNTS["hub_queues"]


def test_a_price_list_of_ones_own(cli, tmp_path):
    code, printed, _ = cli("cost", "prices")
    assert (code, printed) == (0, text_of("prices.toml"))
    file = tmp_path / "prices.toml"
    file.write_text(printed.replace('currency = "USD"', 'currency = "EUR"').replace("price = 0.000026", "price = 1"))
    code, printed, _ = cli("cost", "estimate", "--idle", "--memory-mb", "4096", "--prices", str(file), "--json")
    month = json.loads(printed)
    assert (code, month["currency"]) == (0, "EUR")
    assert next(line["cost"] for line in month["lines"] if line["meter"] == "functions_gb_seconds") == 78_120


def test_a_wrong_price_list_is_refused_with_every_fault(cli, tmp_path):
    text = text_of("prices.toml").replace('currency = "USD"', "currency = 1").replace("minimum_seconds = 1.0", "")
    text = text.replace("price = 0.40", 'price = "0.40"').replace("[prices.log_gb]", "[prices.log_gbs]")
    text = text.replace("[prices.table_transactions]", "[prices.table_transactions]\nprize = 2")
    text = text.replace("per = 10_000\n", "per = 0\n", 1).replace('standing = "reported"', 'standing = "sure"', 1)
    file = tmp_path / "prices.toml"
    file.write_text(text.replace('region = "japaneast"\n', ""))
    code, printed, _ = cli("cost", "estimate", "--idle", "--prices", str(file), "--json")
    error = json.loads(printed)["error"]
    assert code == 1
    assert str(file) in error["message"]
    assert {fault["pointer"] for fault in error["faults"]} == {
        "/currency",
        "/billing/minimum_seconds",
        "/prices/functions_executions/price",
        "/prices/functions_executions/standing",
        "/prices/table_transactions/prize",
        "/prices/table_transactions/per",
        "/prices/key_vault_operations/region",
        "/prices/log_gbs",
        "/prices/log_gb",
    }
    suggestions = {fault["pointer"]: fault["suggestion"] for fault in error["faults"]}
    assert suggestions["/prices/log_gbs"] == "Did you mean 'log_gb'?"


@pytest.mark.parametrize("content", [None, "currency = ["])
def test_a_price_list_that_cannot_be_read(cli, tmp_path, content):
    file = tmp_path / "prices.toml"
    if content is not None:
        file.write_text(content)
    code, _, said = cli("cost", "estimate", "--idle", "--prices", str(file))
    assert code == 1
    assert f"The price file {file} cannot be read" in " ".join(said.split())


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "--runs-per-day, --steps, --seconds missing"),
        (("--runs-per-day", "1", "--steps", "2"), "--seconds missing"),
        (("--idle", "--steps", "2", "--files-per-day", "1"), "leave out --steps, --files-per-day"),
    ],
)
def test_either_nothing_happens_or_it_is_said_what(cli, words, said):
    code, _, errors = cli("cost", "estimate", *words)
    assert code == 2
    assert said in " ".join(re.sub(r"[│╭╮╰╯─]", " ", errors).split())


def test_every_amount_is_explained_and_unlooked_prices_are_named(cli):
    code, printed, noted = cli("cost", "estimate", "--runs-per-day", "10", "--steps", "4", "--seconds", "60")
    assert code == 0
    month = estimate(Workload(runs_per_day=10, steps=4, seconds=60), PRICES)
    for line in month.lines:
        assert line.quantity == pytest.approx(sum(part.quantity for part in line.parts))
        assert all(part.because in printed for part in line.parts)
    assert "Not in it:" in printed
    assert "Storage, queue operations" in " ".join(noted.split())


def test_the_most_expensive_month_is_the_sum_of_its_lines():
    month = estimate(Workload(runs_per_day=1000, steps=50, reused=0.1, seconds=3600, log_mb=5000), PRICES)
    assert month.total == pytest.approx(sum(line.cost for line in month.lines))
    free = replace(PRICES, meters={name: replace(price, price=0.0) for name, price in PRICES.meters.items()})
    assert estimate(Workload(runs_per_day=1000, steps=50, seconds=3600), free).total == 0


def test_the_page_has_examples():
    assert [("--idle" in command) for command, _ in EXAMPLES].count(True) >= 1
    assert len(EXAMPLES) >= 3


@pytest.mark.parametrize(("command", "shown"), EXAMPLES)
def test_the_page_shows_what_the_calculator_says(cli, command, shown):
    code, printed, _ = cli(*shlex.split(command.replace("\\\n", "")))
    assert code == 0
    assert shown == printed


def test_amounts_in_the_page_are_the_calculators():
    """`<!-- cost: words -->` before an amount says what it is the total of."""
    for words, amount in re.findall(r"<!-- cost: (.*?) -->(\d+\.\d\d)", PAGE.read_text()):
        given = {name.replace("-", "_"): ast.literal_eval(value) for name, value in re.findall(r"(\S+)=(\S+)", words)}
        assert f"{estimate(Workload(**given), PRICES).total:.2f}" == amount, words
