from __future__ import annotations

import socket

import pytest
from s3_endpoint import Endpoint

from nas_core.errors import JobError
from nas_core.runs.s3 import patiently, s3_client, split_address, store_errors
from nas_core.runs.store import StoreAwayError


def list_bucket(address: str = "s3://bucket/run", **kwargs: bool) -> None:
    with store_errors(address):
        s3_client(**kwargs).list_objects_v2(Bucket=split_address(address)[0])


def test_addresses_are_split() -> None:
    assert split_address("s3://bucket/a/b.csv") == ("bucket", "a/b.csv")
    assert split_address("s3://bucket/a/") == ("bucket", "a")
    assert split_address("s3://bucket") == ("bucket", "")


@pytest.mark.parametrize("address", ["bucket/key", "s3:///key", "http://host/key", ""])
def test_other_addresses_are_refused(address: str) -> None:
    with pytest.raises(JobError, match="s3://bucket/prefix"):
        split_address(address)


@pytest.mark.usefixtures("endpoint")
def test_a_missing_bucket_is_named() -> None:
    with pytest.raises(JobError, match="has none named 'other'"):
        list_bucket("s3://other/run")


@pytest.mark.usefixtures("endpoint")
def test_a_missing_key_is_named() -> None:
    with pytest.raises(JobError, match="s3://bucket/nothing must exist"), store_errors("s3://bucket/nothing"):
        s3_client().get_object(Bucket="bucket", Key="nothing")


@pytest.mark.parametrize("code", ["SignatureDoesNotMatch", "InvalidAccessKeyId", "AccessDenied"])
def test_rejected_credentials_fail_without_a_secret_in_the_text(endpoint: Endpoint, code: str) -> None:
    endpoint.refuse_with = "403 Forbidden", code
    with pytest.raises(JobError, match=f"{code}.*credentials|credentials.*{code}") as caught:
        list_bucket()
    assert not isinstance(caught.value, StoreAwayError)
    assert "s3cret" not in str(caught.value)


def test_a_server_error_may_pass(endpoint: Endpoint) -> None:
    endpoint.refuse_with = "503 Service Unavailable", "SlowDown"
    with pytest.raises(StoreAwayError, match="SlowDown"):
        list_bucket(quick=True)


@pytest.mark.usefixtures("endpoint")
def test_no_credentials(monkeypatch: pytest.MonkeyPatch, tmp_path: object) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", f"{tmp_path}/none")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    with pytest.raises(JobError, match="AWS_ACCESS_KEY_ID"):
        list_bucket()


def test_an_endpoint_that_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))  # bound, not listening: connections are refused
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://me:pass@127.0.0.1:{nobody.getsockname()[1]}")
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "someone")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "s3cret")
        with pytest.raises(StoreAwayError, match=r"127.0.0.1.*must answer") as caught:
            list_bucket(quick=True)
    assert "pass" not in str(caught.value)


def test_an_endpoint_that_is_no_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "storage")
    with pytest.raises(JobError, match=r"`AWS_ENDPOINT_URL`.*'storage'"):
        s3_client()


def test_patience_ends() -> None:
    tries = []

    def away() -> None:
        tries.append(1)
        raise StoreAwayError("away")

    with pytest.raises(StoreAwayError):
        patiently(away, patience=0.3)
    assert 1 < len(tries) < 6


def test_patience_does_not_wait_for_a_refusal() -> None:
    tries = []

    def refused() -> None:
        tries.append(1)
        raise JobError("no")

    with pytest.raises(JobError):
        patiently(refused, patience=10)
    assert len(tries) == 1
