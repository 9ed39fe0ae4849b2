"""The hooks of `azd up`, run against stand-ins for the tools that they call."""

import json
import re
from pathlib import Path

import pytest

from tests.infra.stand_ins import ROOT, Checkout, make_checkout

CLIENT = "11111111-2222-3333-4444-555555555555"
GRAPH = "https://graph.microsoft.com/v1.0"
PROVISIONED = {
    "AZURE_RESOURCE_GROUP": "rg-dev",
    "AZURE_SUBSCRIPTION_ID": "sub",
    "AZURE_FUNCTION_NAME": "func-1",
    "PIPEYARD_URL": "https://func-1.example",
    "PIPEYARD_STORAGE_ACCOUNT": "stdata1",
    "PIPEYARD_EVENT_TOPIC": "evgt-1",
    "PIPEYARD_DEFAULT_CONTAINER": "azureml-blobstore",
    "PIPEYARD_DEAD_LETTER_CONTAINER": "undelivered-events",
    "PIPEYARD_HOOK_TRIES": "3",
    "PIPEYARD_HOOK_WAIT": "0",
}
BUDGET = {"PIPEYARD_CLIENT_ID": CLIENT, "PIPEYARD_MONTHLY_BUDGET": "50", "PIPEYARD_ALERT_EMAIL": "ops@example.com"}
HAS_KEY = {"when": "functionapp keys list", "out": "true\n"}


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return make_checkout(tmp_path)


def made(call: list[str], option: str) -> str:
    return call[call.index(option) + 1]


def test_wheels_are_fetched_for_the_apps_python_once(checkout: Checkout):
    checkout.tell({"when": "pip install", "makes": [f"{checkout.folder}/.python_packages/lib/site-packages/a.py"]})
    first = checkout.run("vendor-wheels.sh")
    assert first.returncode == 0, first.stderr
    (install,) = [call for call in checkout.calls("python3") if "install" in call]
    assert made(install, "--python-version") == "3.13"
    assert made(install, "--requirement") == "requirements.txt"
    assert made(install, "--target") == ".python_packages/lib/site-packages"
    assert "--only-binary=:all:" in install
    checkout.forget_calls()
    assert checkout.run("vendor-wheels.sh").returncode == 0
    assert checkout.calls() == []  # not even a look for Python
    with (checkout.folder / "requirements.txt").open("a") as file:
        file.write("another==1.0\n")
    assert checkout.run("vendor-wheels.sh").returncode == 0
    assert [call for call in checkout.calls("python3") if "install" in call] != []


def test_wheels_that_cannot_be_fetched_end_the_deploy_and_leave_nothing_that_looks_complete(checkout: Checkout):
    checkout.tell({"when": "pip install", "code": 1, "error": "no matching distribution for another\n"})
    done = checkout.run("vendor-wheels.sh")
    assert done.returncode == 1
    assert "no matching distribution" in done.stderr
    assert "requirements.txt" in done.stderr
    assert not (checkout.folder / ".python_packages/stamp").exists()


def test_wheels_are_chosen_by_a_pip_of_the_apps_python(checkout: Checkout):
    """pip goes by its own version of Python in conditions of requirements, whatever `--python-version` says."""
    checkout.tell({"when": "import pip", "code": 1})
    done = checkout.run("vendor-wheels.sh")
    assert done.returncode == 1
    assert "Python 3.13 with pip was not found" in done.stderr
    assert [call for call in checkout.calls("python3") if "install" in call] == []


def test_an_application_is_registered_with_the_roles_that_the_code_knows(checkout: Checkout):
    checkout.tell(
        {"when": "ad app create", "out": f"{CLIENT}\n"},
        {"when": "ad sp show", "code": 3},
        {"when": "ad sp create", "out": "principal\n"},
        {"when": "ad signed-in-user show", "out": "me\n"},
    )
    subscription = "0a1b2c3d-0000-0000-0000-000000000000"
    done = checkout.run("preprovision.sh", AZURE_ENV_NAME="dev", AZURE_SUBSCRIPTION_ID=subscription)
    assert done.returncode == 0, done.stderr
    (looked,) = [call for call in checkout.calls("az") if call[1:4] == ["ad", "app", "list"]]
    assert made(looked, "--filter") == "displayName eq 'pipeyard-dev-0a1b2c3d'", "others have an environment `dev`, too"
    (create,) = [call for call in checkout.calls("az") if call[1:4] == ["ad", "app", "create"]]
    assert made(create, "--display-name") == "pipeyard-dev-0a1b2c3d"
    assert made(create, "--app-roles") == "@infra/entra/app-roles.json"
    (update,) = [call for call in checkout.calls("az") if call[1:4] == ["ad", "app", "update"]]
    assert made(update, "--identifier-uris") == f"api://{CLIENT}"
    assert ["azd", "env", "set", "PIPEYARD_CLIENT_ID", CLIENT] in checkout.calls("azd")
    patches = [made(call, "--body") for call in checkout.calls("az") if "PATCH" in call]
    assert patches == ["@infra/entra/scope.json", "@infra/entra/azure-cli.json"]
    (granted,) = [call for call in checkout.calls("az") if "POST" in call]
    assert made(granted, "--uri") == f"{GRAPH}/servicePrincipals/principal/appRoleAssignedTo"
    roles = {role["id"]: role["value"] for role in json.loads((ROOT / "infra/entra/app-roles.json").read_text())}
    body = json.loads(made(granted, "--body"))
    assert (body["principalId"], body["resourceId"]) == ("me", "principal")
    assert roles[body["appRoleId"]] == "Administrator"


def test_the_roles_of_the_application_are_those_of_the_code():
    roles = [role["value"] for role in json.loads((ROOT / "infra/entra/app-roles.json").read_text())]
    table = (ROOT / "docs/identity.md").read_text()
    assert re.findall(r"^\| (\w+) \| (?:look|also)", table, re.MULTILINE) == roles


def test_the_scope_that_the_azure_cli_may_use_is_the_one_that_is_made():
    scope = json.loads((ROOT / "infra/entra/scope.json").read_text())["api"]
    allowed = json.loads((ROOT / "infra/entra/azure-cli.json").read_text())["api"]
    (application,) = allowed.pop("preAuthorizedApplications")
    assert allowed == scope
    assert scope["requestedAccessTokenVersion"] == 2
    assert application["delegatedPermissionIds"] == [scope["oauth2PermissionScopes"][0]["id"]]


def test_an_application_of_an_earlier_try_is_taken_up(checkout: Checkout):
    checkout.tell(
        {"when": "ad app list", "out": f"{CLIENT}\n"},
        {"when": "ad sp show", "out": "principal\n"},
        {"when": "ad signed-in-user show", "out": "me\n"},
        {"when": "--method GET", "out": "assignment\n"},
    )
    assert checkout.run("preprovision.sh", AZURE_ENV_NAME="dev").returncode == 0
    calls = [" ".join(call) for call in checkout.calls("az")]
    assert not any("ad app create" in call or "ad sp create" in call or "POST" in call for call in calls)
    assert ["azd", "env", "set", "PIPEYARD_CLIENT_ID", CLIENT] in checkout.calls("azd")


def test_an_application_of_yours_or_none_asks_azure_for_nothing(checkout: Checkout):
    given = checkout.run("preprovision.sh", AZURE_ENV_NAME="dev", PIPEYARD_CLIENT_ID=CLIENT)
    skipped = checkout.run("preprovision.sh", AZURE_ENV_NAME="dev", PIPEYARD_APP_REGISTRATION="skip")
    assert (given.returncode, skipped.returncode) == (0, 0)
    assert "nobody can sign in" in skipped.stderr
    assert checkout.calls() == []


@pytest.mark.parametrize(
    ("answers", "environment", "words"),
    [
        ([{"when": "account show", "code": 1}], {}, "az login"),
        ([{"when": "ad app create", "code": 1, "error": "Insufficient privileges\n"}], {}, "PIPEYARD_CLIENT_ID"),
        ([], {"PIPEYARD_APP_REGISTRATION": "perhaps"}, "'create'"),
        ([], {"AZURE_ENV_NAME": ""}, "AZURE_ENV_NAME is not set"),
        (
            [],
            BUDGET | {"CI": "true"},
            "PIPEYARD_BUDGET_START_DATE is not set",
        ),
    ],
)
def test_what_stands_in_the_way_is_said_with_the_next_step(
    checkout: Checkout, answers: list[dict[str, object]], environment: dict[str, str], words: str
):
    checkout.tell(*answers)
    done = checkout.run("preprovision.sh", **{"AZURE_ENV_NAME": "dev", **environment})
    assert done.returncode == 1
    assert words in done.stderr
    assert checkout.calls("azd") == []


def test_a_budget_begins_once(checkout: Checkout):
    known = BUDGET | {"AZURE_ENV_NAME": "dev"}
    assert checkout.run("preprovision.sh", **known).returncode == 0
    ((*_, name, date),) = checkout.calls("azd")
    assert name == "PIPEYARD_BUDGET_START_DATE"
    assert re.fullmatch(r"\d{4}-\d\d-01", date)
    checkout.forget_calls()
    assert checkout.run("preprovision.sh", **known, PIPEYARD_BUDGET_START_DATE=date).returncode == 0
    assert checkout.calls() == []


def test_a_network_needs_its_provider(checkout: Checkout):
    known = {"AZURE_ENV_NAME": "dev", "PIPEYARD_CLIENT_ID": CLIENT, "AZURE_SUBSCRIPTION_ID": "sub"}
    assert checkout.run("preprovision.sh", **known, PIPEYARD_PRIVATE_NETWORK="true").returncode == 0
    (register,) = checkout.calls("az")
    assert register[1:5] == ["provider", "register", "--namespace", "Microsoft.App"]
    assert made(register, "--subscription") == "sub", "the Azure CLI may be at work in another one"


def test_the_subscription_is_made_once_the_app_answers_and_has_its_key(checkout: Checkout):
    checkout.tell(
        {"when": "curl", "code": 22, "times": 1},
        {"when": "functionapp keys list", "out": "false\n", "times": 1},
        HAS_KEY,
    )
    done = checkout.run("event-subscription.sh", **PROVISIONED)
    assert done.returncode == 0, done.stderr
    (deployed,) = [call for call in checkout.calls("az") if call[1] == "deployment"]
    assert made(deployed, "--template-file") == "infra/event-subscription.bicep"
    parameters = dict(word.split("=", 1) for word in deployed[deployed.index("--parameters") + 1 :])
    declared = re.findall(r"^param (\w+) string$", (ROOT / "infra/event-subscription.bicep").read_text(), re.MULTILINE)
    assert set(parameters) == set(declared)
    assert parameters["container"] == "azureml-blobstore"
    assert not any("delete" in call for call in checkout.calls("az"))
    assert len(checkout.calls("curl")) == 3


def test_a_subscription_with_an_older_address_is_replaced(checkout: Checkout):
    checkout.tell({"when": "deployment group create", "code": 1, "error": "endpoint\n", "times": 1}, HAS_KEY)
    done = checkout.run("event-subscription.sh", **PROVISIONED)
    assert done.returncode == 0, done.stderr
    verbs = [call[1:5] for call in checkout.calls("az") if call[1] in {"deployment", "eventgrid"}]
    assert [verb[-1] for verb in verbs] == ["--name", "delete", "--name"]


@pytest.mark.parametrize(
    ("answers", "environment", "words"),
    [
        ([{"when": "curl", "code": 22}], {}, "does not answer"),
        ([HAS_KEY, {"when": "deployment", "code": 1, "error": "Azure's own words"}], {}, "Azure's own words"),
        ([], {"PIPEYARD_EVENT_TOPIC": ""}, "PIPEYARD_EVENT_TOPIC is not set"),
        ([{"when": "account show", "code": 1}], {}, "az login"),
    ],
)
def test_a_subscription_that_cannot_be_made_says_why_and_how_to_try_again(
    checkout: Checkout, answers: list[dict[str, object]], environment: dict[str, str], words: str
):
    checkout.tell(*answers)
    done = checkout.run("event-subscription.sh", **PROVISIONED | environment)
    assert done.returncode == 1
    assert words in done.stderr
    assert "azd " in done.stderr
