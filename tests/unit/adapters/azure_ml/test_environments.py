import pytest
import yaml

from shared.adapters.azure_ml.environments import (
    DEFAULT_IMAGE,
    SDK_NEEDS,
    conda_file,
    environment_properties,
    environment_version,
)
from shared.core.definition import EnvironmentDefinition


def parsed(**software):
    return yaml.safe_load(conda_file(EnvironmentDefinition(**software)))["dependencies"]


def test_a_step_that_asks_for_nothing_gets_python_and_what_the_sdk_needs():
    properties = environment_properties(EnvironmentDefinition())
    assert properties["image"] == DEFAULT_IMAGE
    assert parsed() == ["python=3.12", "pip", {"pip": list(SDK_NEEDS)}]


def test_packages_come_in_their_order_with_what_the_sdk_needs_after_them():
    packages = parsed(
        python_version="3.11",
        conda_packages=("scikit-learn=1.5", "conda-forge::numpy"),
        pip_packages=('pandas>=2; python_version < "4"', "Pydantic==2.10", "--extra-index-url https://x/y"),
    )
    assert packages == [
        "python=3.11",
        "scikit-learn=1.5",
        "conda-forge::numpy",
        "pip",
        {
            "pip": [
                'pandas>=2; python_version < "4"',
                "Pydantic==2.10",
                "--extra-index-url https://x/y",
                "httpx>=0.28",
                "pathspec>=1.0",
            ]
        },
    ]


def test_a_python_among_the_packages_is_the_one():
    assert parsed(python_version="3.12", conda_packages=("python=3.10", "pip=24"))[:2] == ["python=3.10", "pip=24"]


def test_an_image_without_packages_is_used_as_it_is():
    properties = environment_properties(EnvironmentDefinition(image="me/own:1", python_version="3.12"))
    assert properties == {"image": "me/own:1", "osType": "Linux", "isAnonymous": False}
    assert "condaFile" in environment_properties(EnvironmentDefinition(image="me/own:1", pip_packages=("six",)))


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ({"pip_packages": ("six",)}, {"pip_packages": ("six",), "name": "n", "variables": {"A": "b"}}, True),
        ({"pip_packages": ("six",)}, {"pip_packages": ("six==1",)}, False),
        ({}, {"python_version": "3.11"}, False),
        ({"image": "a"}, {"image": "b"}, False),
    ],
)
def test_the_version_follows_the_content(one, other, same):
    versions = [
        environment_version(environment_properties(EnvironmentDefinition(**software))) for software in (one, other)
    ]
    assert (versions[0] == versions[1]) is same
