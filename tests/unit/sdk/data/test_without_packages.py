"""Without duckdb and pandas, datasets can be named and given to steps; reading them says what to install."""

import subprocess
import sys

import pytest

WITHOUT = """
import sys
sys.modules[{missing!r}] = None
from pathlib import Path
from pipeyard.data._evaluation.files import LocalSource
from pipeyard.data._views import delimited_view
from pipeyard.data.tabular_dataset import TabularDataset
from pipeyard.exceptions import UserErrorException

dataset = TabularDataset(delimited_view(), files=LocalSource(Path({file!r}))).take(1)
dataset.as_named_input("rows")
try:
    dataset.to_pandas_dataframe()
except UserErrorException as error:
    print(error)
"""

CHEAP = """
import sys
import pipeyard.core, pipeyard.data, pipeyard.data.data_reference, pipeyard.data.output_dataset_config
print(sorted({"pydantic", "httpx", "duckdb", "pandas"} & set(sys.modules)))
"""


@pytest.mark.parametrize("missing", ["duckdb", "pandas"])
def test_a_missing_package_is_named_with_what_to_install(tmp_path, missing):
    file = tmp_path / "a.csv"
    file.write_text("a\n1\n")
    script = WITHOUT.format(missing=missing, file=str(file))
    said = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True).stdout
    assert f"the package {missing!r}" in said
    assert "pip install 'pipeyard[data]'" in said


def test_what_scripts_import_loads_nothing_heavy():
    found = subprocess.run([sys.executable, "-c", CHEAP], check=True, capture_output=True, text=True).stdout
    assert found.strip() == "[]"
