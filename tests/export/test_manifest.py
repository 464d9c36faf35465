from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest

from nas_core.export.manifest import manifest, without_secrets
from nas_core.runs.run import Run


def test_each_file_with_size_and_hash_and_where_it_comes_from(
    trained_runs: Callable[[str], Run], tmp_path: Path
) -> None:
    for name in ("model.tflite", "schema.json", "DONE", "key.json", "report.json", "manifest.json", ".lock"):
        (tmp_path / name).write_text(name)
    run = trained_runs("tabular_classification")
    made = manifest(run, tmp_path)
    assert set(made["files"]) == {"model.tflite", "schema.json"}
    assert made["files"]["schema.json"] == {"bytes": 11, "sha256": hashlib.sha256(b"schema.json").hexdigest()}
    assert made["lineage"]["run"] == run.address
    assert made["lineage"]["job"]["target"] == "ring"
    assert made["lineage"]["data"] == "fingerprint of prepare"
    assert made["lineage"]["stages"]["train"] == {"key": "k", "output": "o"}
    assert made["versions"]["keras"]


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("https://me:pass@host:8080/a.csv?X-Signature=abc#x", "https://host:8080/a.csv"),
        ("s3://bucket/a.csv", "s3://bucket/a.csv"),
        ("/data/a?b.csv", "/data/a?b.csv"),
        (3, 3),
        (["x"], ["x"]),
    ],
)
def test_secrets_in_addresses_stay_in_the_house(value: object, told: object) -> None:
    assert without_secrets(value) == told
