"""Addresses of blobs in the forms that compute services understand."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.core.jobs import BlobPlace
from shared.core.storage_uris import abfss_uri, parse_storage_uri, wasb_uri, wasbs_uri

CLOUD = BlobPlace(container_url="https://acct.blob.core.windows.net/data", path="in/a b.csv")
EMULATOR = BlobPlace(container_url="http://127.0.0.1:10000/devstoreaccount1/data", path="in/a b.csv")
CHINA = BlobPlace(container_url="https://acct.blob.core.chinacloudapi.cn/data", path="x")


def test_the_forms():
    assert wasbs_uri(CLOUD) == "wasbs://data@acct.blob.core.windows.net/in/a%20b.csv"
    assert wasb_uri(CLOUD) == "wasb://data@acct.blob.core.windows.net/in/a%20b.csv"
    assert abfss_uri(CLOUD) == "abfss://data@acct.dfs.core.windows.net/in/a%20b.csv"
    assert wasbs_uri(EMULATOR) == "wasbs://data@devstoreaccount1.blob.core.windows.net/in/a%20b.csv"
    assert abfss_uri(CHINA) == "abfss://data@acct.dfs.core.chinacloudapi.cn/x"


@pytest.mark.parametrize("make", [wasbs_uri, wasb_uri, abfss_uri])
@given(path=st.text(st.characters(exclude_categories=["C"], exclude_characters="/"), min_size=1))
def test_every_form_is_read_back(make, path):
    place = BlobPlace(container_url=CLOUD.container_url, path=f"in/{path}")
    assert parse_storage_uri(make(place)) == ("acct", "data", f"in/{path}")


def test_addresses_of_both_hosts_are_read():
    assert parse_storage_uri("https://acct.blob.core.windows.net/data/a/b") == ("acct", "data", "a/b")
    assert parse_storage_uri("http://127.0.0.1:10000/devstoreaccount1/data/a") == ("devstoreaccount1", "data", "a")
    assert parse_storage_uri("wasbs://data@acct.blob.core.windows.net/") == ("acct", "data", "")


@pytest.mark.parametrize("uri", ["", "adl://x/y", "/mnt/data", "https://acct.blob.core.windows.net", "wasbs://data/x"])
def test_what_is_none_is_refused(uri):
    with pytest.raises(ValueError, match="no address"):
        parse_storage_uri(uri)
