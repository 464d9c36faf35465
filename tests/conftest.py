"""What tests of several rooms share."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from s3_endpoint import Endpoint


@pytest.fixture
def endpoint(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Endpoint]:
    """An S3 endpoint of its own, with a bucket named `bucket`, to which the environment points."""
    from moto.backends import get_backend
    from s3_endpoint import Endpoint

    from nas_core.runs.s3 import s3_client

    get_backend("s3").reset()
    endpoint = Endpoint()
    monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint.url)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "someone")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "s3cret")
    monkeypatch.setenv("NAS_SCRATCH", str(tmp_path / "scratch"))
    s3_client().create_bucket(Bucket="bucket")
    endpoint.requests.clear()
    yield endpoint
    with suppress(Exception):
        endpoint.stop()
