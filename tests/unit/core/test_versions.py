from shared.core.models import Model
from shared.core.modules import ModuleVersion, next_version
from shared.core.versions import version_key, version_prefix


def test_the_newest_version_of_a_name_comes_first():
    keys = [version_key("m", version) for version in (1, 2, 9, 10, 999)]
    assert sorted(keys) == keys[::-1]
    assert all(key.startswith(version_prefix("m")) for key in keys)
    assert not version_key("m2", 1).startswith(version_prefix("m"))


def test_a_model_has_v1s_id():
    model = Model(name="m", version=3, datastore="d", path="p", created_at="")
    assert model.id == "m:3"
    assert model.key == version_key("m", 3)


def test_versions_of_a_module_count_on_from_the_highest_number():
    def made(*versions: str) -> list[ModuleVersion]:
        return [ModuleVersion(version=each, id=each, step={}) for each in versions]

    assert next_version([]) == "1"
    assert next_version(made("1", "10", "2")) == "11"
    assert next_version(made("beta", "1.5")) == "1"
