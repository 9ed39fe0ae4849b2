"""The Bicep files fit together. No package registry has a compiler, so this looks for what one would complain about."""

import json
import re
from pathlib import Path

import pytest

from shared.adapters.storage import table_audit, table_catalogue, table_leases, table_reuse, table_runs
from shared.core import names
from tests.infra.bicep_files import DECORATORS, FUNCTIONS, INFRA, Template, module_calls, templates

ROOT = INFRA.parent

API_VERSIONS = {
    "Microsoft.Authorization/roleAssignments": "2022-04-01",
    "Microsoft.Consumption/budgets": "2023-11-01",
    "Microsoft.Databricks/workspaces": "2024-05-01",
    "Microsoft.DurableTask/schedulers": "2025-11-01",
    "Microsoft.DurableTask/schedulers/taskHubs": "2025-11-01",
    "Microsoft.EventGrid/systemTopics": "2025-02-15",
    "Microsoft.EventGrid/systemTopics/eventSubscriptions": "2025-02-15",
    "Microsoft.Insights/actionGroups": "2023-01-01",
    "Microsoft.Insights/components": "2020-02-02",
    "Microsoft.Insights/diagnosticSettings": "2021-05-01-preview",
    "Microsoft.Insights/metricAlerts": "2018-03-01",
    "Microsoft.Insights/scheduledQueryRules": "2023-12-01",
    "Microsoft.Insights/workbooks": "2023-06-01",
    "Microsoft.KeyVault/vaults": "2024-11-01",
    "Microsoft.MachineLearningServices/workspaces": "2024-10-01",
    "Microsoft.MachineLearningServices/workspaces/computes": "2024-10-01",
    "Microsoft.ManagedIdentity/userAssignedIdentities": "2024-11-30",
    "Microsoft.Network/networkSecurityGroups": "2025-05-01",
    "Microsoft.Network/privateDnsZones": "2024-06-01",
    "Microsoft.Network/privateDnsZones/virtualNetworkLinks": "2024-06-01",
    "Microsoft.Network/privateEndpoints": "2025-05-01",
    "Microsoft.Network/privateEndpoints/privateDnsZoneGroups": "2025-05-01",
    "Microsoft.Network/virtualNetworks": "2025-05-01",
    "Microsoft.OperationalInsights/workspaces": "2025-07-01",
    "Microsoft.Resources/resourceGroups": "2024-11-01",
    "Microsoft.Storage/storageAccounts": "2025-06-01",
    "Microsoft.Storage/storageAccounts/blobServices": "2025-01-01",
    "Microsoft.Storage/storageAccounts/blobServices/containers": "2025-01-01",
    "Microsoft.Storage/storageAccounts/managementPolicies": "2025-06-01",
    "Microsoft.Storage/storageAccounts/tableServices": "2025-06-01",
    "Microsoft.Storage/storageAccounts/tableServices/tables": "2025-06-01",
    "Microsoft.Web/serverfarms": "2025-03-01",
    "Microsoft.Web/sites": "2025-03-01",
    "Microsoft.Web/sites/basicPublishingCredentialsPolicies": "2025-03-01",
    "Microsoft.Web/sites/config": "2025-03-01",
}

# What Flex Consumption refuses or ignores; its ways are in `functionAppConfig`.
FORBIDDEN_ON_FLEX = {
    *("FUNCTIONS_WORKER_RUNTIME", "FUNCTIONS_WORKER_RUNTIME_VERSION", "FUNCTIONS_EXTENSION_VERSION"),
    *("FUNCTIONS_MAX_HTTP_CONCURRENCY", "FUNCTIONS_WORKER_PROCESS_COUNT"),
    *("FUNCTIONS_WORKER_DYNAMIC_CONCURRENCY_ENABLED", "SCM_DO_BUILD_DURING_DEPLOYMENT", "ENABLE_ORYX_BUILD"),
    *("WEBSITE_RUN_FROM_PACKAGE", "WEBSITE_CONTENTAZUREFILECONNECTIONSTRING", "WEBSITE_CONTENTSHARE"),
    *("WEBSITE_CONTENTOVERVNET", "WEBSITE_NODE_DEFAULT_VERSION", "WEBSITE_MAX_DYNAMIC_APPLICATION_SCALE_OUT"),
    *("WEBSITES_CONTAINER_START_TIME_LIMIT", "WEBSITE_VNET_ROUTE_ALL", "WEBSITE_TIME_ZONE", "TZ"),
    *("linuxFxVersion", "windowsFxVersion", "preWarmedInstanceCount", "functionAppScaleLimit"),
    *("minimumElasticInstanceCount", "containerSize", "use32BitWorkerProcess", "vnetRouteAllEnabled"),
    "PYTHON_ISOLATE_WORKER_DEPENDENCIES",
}


each_template = pytest.mark.parametrize("template", templates().values(), ids=lambda template: template.name)


@each_template
def test_every_name_that_is_used_is_declared(template: Template):
    known = template.declared | template.loop_variables
    unknown = {word.name for word in template.words if not word.called and word.name not in known}
    # Functions that are asked for a property, such as `environment().suffixes`, are known by their call.
    assert unknown == set()
    assert {word.name for word in template.words if word.called} <= FUNCTIONS
    assert set(re.findall(r"^\s*@(\w+)\(", template.text, re.MULTILINE)) <= DECORATORS


@each_template
def test_everything_that_is_declared_is_used(template: Template):
    used = {word.name for word in template.words}
    kinds = ("parameters", "variables")
    assert [name for kind in kinds for name in template.part(kind) if name not in used] == []
    existing = [name for name, resource in template.part("resources").items() if resource["existing"]]
    assert [name for name in existing if name not in used] == []


@each_template
def test_every_parameter_has_a_description(template: Template):
    for name, parameter in template.part("parameters").items():
        kinds = [decorator["type"] for decorator in parameter["decorators"]]
        assert "description" in kinds, name


@each_template
def test_resources_are_asked_for_in_known_versions_and_carry_the_tags(template: Template):
    for symbol, resource in template.part("resources").items():
        assert API_VERSIONS[resource["type"]] == resource["api_version"], symbol
        source = template.declaration(symbol)
        if re.search(r"^  location:", source, re.MULTILINE):
            assert re.search(r"^  tags:", source, re.MULTILINE), symbol


def test_every_known_version_is_asked_for():
    asked = {resource["type"] for each in templates().values() for resource in each.part("resources").values()}
    assert asked == set(API_VERSIONS)


def test_every_module_is_called_with_the_parameters_that_it_has():
    called = set()
    for template, symbol, module, source in module_calls():
        called.add(module.name)
        given = set(re.findall(r"^    (\w+):", source.partition("  params: {")[2], re.MULTILINE))
        parameters = module.part("parameters")
        required = {name for name, parameter in parameters.items() if parameter["default"] is None}
        assert given <= set(parameters), (template.name, symbol)
        assert required <= given, (template.name, symbol)
    files = {path.relative_to(INFRA).as_posix() for path in (INFRA / "modules").glob("*.bicep")}
    assert called == files


def test_parameters_are_handed_on_as_what_they_are():
    for template, symbol, module, source in module_calls():
        own, wanted = template.part("parameters"), module.part("parameters")
        for name, value in re.findall(r"^    (\w+): (\w+)$", source.partition("  params: {")[2], re.MULTILINE):
            if value in own:
                assert own[value]["type"] == wanted[name]["type"], (symbol, name)


def test_texts_that_are_handed_on_are_allowed():
    for _, symbol, module, source in module_calls():
        for name, value in re.findall(r"^    (\w+): '([^'$]*)'$", source.partition("  params: {")[2], re.MULTILINE):
            for decorator in module.part("parameters")[name]["decorators"]:
                if decorator["type"] == "allowed":
                    assert value in decorator["argument"], (symbol, name)


def test_every_output_that_is_used_exists_and_is_asserted_where_the_module_may_be_missing():
    modules = {(template.name, symbol): (module, source) for template, symbol, module, source in module_calls()}
    for template in templates().values():
        for word in template.words:
            if (template.name, word.name) not in modules or not word.path:
                continue
            module, source = modules[template.name, word.name]
            assert word.path[0] == "outputs"
            assert word.path[1] in module.part("outputs"), (word.name, word.path)
            assert word.asserted == (" = if (" in source.splitlines()[0]), (word.name, word.path)


def test_what_is_loaded_from_files_has_the_keys_that_are_used():
    loaded = {
        (template.name, name): json.loads((template.path.parent / file).read_text())
        for template in templates().values()
        for name, file in re.findall(r"^var (\w+) = loadJsonContent\('([^']+)'\)$", template.text, re.MULTILINE)
    }
    assert len(loaded) == 2
    for (name, variable), content in loaded.items():
        used = {word.path for word in templates()[name].words if word.name == variable}
        for path in used:
            value = content
            for key in path:
                value = value[key]
            assert isinstance(value, str), path
    abbreviations = loaded["main.bicep", "abbreviations"]
    named = {word.path[0] for word in templates()["main.bicep"].words if word.name == "abbreviations"}
    assert named == set(abbreviations)


def test_the_flex_consumption_app_has_none_of_the_settings_that_it_must_not_have():
    for template in templates().values():
        assert set(re.findall(r"\w+", template.text)) & FORBIDDEN_ON_FLEX == set(), template.name
    app = templates()["modules/function-app.bicep"].text
    assert re.search(r"name: 'FC1'\s+tier: 'FlexConsumption'", app)
    assert re.search(r"runtime: \{\s+name: 'python'\s+version: '3\.13'", app)
    assert "alwaysReady: []" in app


def test_storage_takes_no_keys_and_no_old_tls():
    account = templates()["modules/storage.bicep"].declaration("account")
    for line in ("allowSharedKeyAccess: false", "allowBlobPublicAccess: false", "minimumTlsVersion: 'TLS1_2'"):
        assert line in account
    assert "StorageAccountConnectionString" not in templates()["modules/function-app.bicep"].text


def test_storage_has_the_containers_and_tables_that_the_code_uses():
    source = templates()["main.bicep"].declaration("dataStorage")
    stated = dict(re.findall(r"^var (\w+Container) = '([^']+)'$", templates()["main.bicep"].text, re.MULTILINE))
    listed = re.search(r"containers: \[(.*?)\]", source, re.DOTALL)
    tables = re.search(r"tables: \[(.*?)\]", source, re.DOTALL)
    assert listed is not None
    assert tables is not None
    containers = {stated.get(word, word) for word in re.findall(r"[\w-]+", listed[1])}
    ours = {names.SYSTEM_CONTAINER, names.ARTIFACT_CONTAINER, names.DEFAULT_DATASTORE_CONTAINER}
    assert containers == {*ours, stated["deadLetterContainer"]}
    assert stated["defaultDatastoreContainer"] == names.DEFAULT_DATASTORE_CONTAINER
    modules = (table_audit, table_catalogue, table_leases, table_reuse, table_runs)
    in_code = {
        value
        for module in modules
        for name, value in vars(module).items()
        if name.isupper() and isinstance(value, str) and re.fullmatch(r"[A-Z][A-Za-z]+", value)
    }
    assert set(re.findall(r"\w+", tables[1])) == in_code


def test_events_call_the_function_that_the_app_has():
    subscription = templates()["event-subscription.bicep"]
    assert subscription.part("parameters")["functionName"]["default"] == names.BLOB_ARRIVED
    left_out = re.search(r"blobs/([^']+)'", subscription.text)
    assert left_out is not None
    assert names.output_path("run", 0, "output").startswith(left_out[1])


def test_the_parameters_file_names_every_parameter_with_its_default():
    parameters = templates()["main.bicep"].part("parameters")
    given = json.loads((INFRA / "main.parameters.json").read_text())["parameters"]
    assert set(given) == set(parameters) - {"extraTags"}
    variables = []
    for name, value in given.items():
        found = re.fullmatch(r"\$\{([A-Z_]+)(?:=(.*))?\}", value["value"])
        assert found is not None, name
        variables.append(found[1])
        default = parameters[name]["default"]
        if name not in {"environmentName", "location"}:
            assert (found[2] or "") == (str(default).lower() if isinstance(default, bool) else str(default)), name
    assert len(set(variables)) == len(variables)


def azd_variables() -> set[str]:
    return set(re.findall(r"\$\{([A-Z_]+)", (INFRA / "main.parameters.json").read_text()))


def test_the_hook_after_a_deploy_takes_what_the_templates_put_out():
    hook = (INFRA / "hooks/event-subscription.sh").read_text()
    listed = re.search(r"for name in (.*?); do", hook, re.DOTALL)
    assert listed is not None
    outputs = set(templates()["main.bicep"].part("outputs"))
    assert set(re.findall(r"\w+", listed[1])) == outputs & set(re.findall(r"\w+", hook)) | {"AZURE_SUBSCRIPTION_ID"}


@pytest.mark.parametrize("environment", ["dev", "prod"])
def test_the_environments_set_variables_that_there_are(environment: str):
    lines = (INFRA / f"environments/{environment}.env").read_text().splitlines()
    variables = [line.partition("=")[0] for line in lines if not line.startswith("#")]
    assert set(variables) <= azd_variables()
    assert len(set(variables)) == len(variables)


def test_every_variable_is_described():
    page = (ROOT / "docs/deploying.md").read_text()
    assert [name for name in sorted(azd_variables()) if f"`{name}`" not in page] == []


def test_the_alerts_and_the_workbook_use_metrics_that_are_listed():
    metrics = set(json.loads((INFRA / "telemetry.json").read_text())["metrics"].values())
    workbook = (INFRA / "workbook.json").read_text()
    json.loads(workbook)
    texts = [workbook, *(Path(each.path).read_text() for each in templates().values())]
    named = {name for text in texts for name in re.findall(r"pipeyard\.\w+\.\w+", text)}
    assert named <= metrics
