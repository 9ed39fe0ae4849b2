"""The documentation says what is: routes, settings, commands."""

import json
import re
import runpy
from pathlib import Path

from api.app import create_app
from api.links import WORKSPACE
from shared.config import Settings
from shared.core import names
from shared.core.definition import PipelineDefinition, StepDefinition
from shared.steps import STEP_TYPES

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
OUTSIDE_THE_APPLICATION = {"/api/openapi.json", "/api/docs", f"/{names.JOB_ENDED_ROUTE}"}


def test_every_route_is_described_and_every_described_route_exists():
    pages = (DOCS / "http-api.md").read_text() + (DOCS / "v1-routes.md").read_text().replace(" W/", f" {WORKSPACE}/")
    described = set(re.findall(r"`(GET|POST|PUT|DELETE|PATCH) (/[^`?\s]*)", pages))
    described = {(method, path) for method, path in described if path not in OUTSIDE_THE_APPLICATION}
    paths = create_app().openapi()["paths"]
    served = {(method.upper(), path) for path, methods in paths.items() for method in methods}
    assert described == served


def test_every_setting_is_described():
    described = set(re.findall(r"^\| `([A-Z_]+)`", (DOCS / "settings.md").read_text(), re.MULTILINE))
    assert described == {field.alias for field in Settings.model_fields.values()}


def test_every_key_of_a_definition_is_described():
    page = (DOCS / "definition.md").read_text()
    for model in (PipelineDefinition, StepDefinition):
        missing = [name for name in model.model_fields if f"`{name}`" not in page]
        assert missing == []
    assert all(f"`{name}`" in page for name in STEP_TYPES)


def test_generated_pages_are_what_the_code_says():
    """`./dev docs` writes them."""
    generator = runpy.run_path(str(DOCS / "generate.py"))
    wanted = generator["pages"]()
    stale = [
        str(page.relative_to(ROOT)) for page, text in wanted.items() if not page.exists() or page.read_text() != text
    ]
    stale += [str(page.relative_to(ROOT)) for page in (DOCS / "reference").glob("*.md") if page not in wanted]
    assert stale == []


def test_the_top_level_is_the_one_that_architecture_describes():
    page = (ROOT / "ARCHITECTURE.md").read_text()
    folders = {
        path.name
        for path in ROOT.iterdir()
        if path.is_dir() and not path.name.startswith(".") and path.name not in {"node_modules", "__pycache__"}
    }
    assert [name for name in sorted(folders) if f"`{name}/" not in page] == []


def test_every_function_is_one_that_architecture_describes():
    page = (ROOT / "ARCHITECTURE.md").read_text()
    functions = json.loads((ROOT / "tests/golden/functions.json").read_text())
    assert [name for name in functions if not name.startswith("BuiltIn__") and f"`{name}`" not in page] == []


def test_every_link_leads_somewhere():
    pages = [*ROOT.glob("*.md"), *DOCS.glob("*.md"), *ROOT.glob("examples/*/README.md"), ROOT / "sdk/README.md"]
    links = [(page, link) for page in pages for link in re.findall(r"\]\((?!https?:)([^)#\s]+)", page.read_text())]
    assert [(page.name, link) for page, link in links if not (page.parent / link).exists()] == []


def test_every_page_is_in_the_index():
    index = (DOCS / "README.md").read_text()
    assert [
        page.name
        for page in sorted(DOCS.glob("*.md"))
        if page.name not in {*re.findall(r"[\w.-]+", index), "README.md"}
    ] == []


def test_every_python_package_is_in_the_import_law():
    law = (ROOT / ".importlinter").read_text()
    packages = {path.parent.name for path in ROOT.glob("*/__init__.py")} - {"benchmarks", "tests"}
    assert [name for name in sorted(packages) if not re.search(rf"^    {name}$", law, re.MULTILINE)] == []


def test_the_host_file_is_plain_json_with_a_bundle_that_speaks_grpc():
    host = json.loads((ROOT / "host.json").read_text())
    assert host["extensionBundle"]["version"].startswith("[4.36.0,")
    assert host["extensions"]["http"]["routePrefix"] == ""
