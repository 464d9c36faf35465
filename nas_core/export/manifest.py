"""What an export consists of and where it comes from: ``manifest.json``."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from nas_core.runs import layout
from nas_core.runs.records import read_json
from nas_core.runs.run import Run

VERSIONS_OF = ("nas-core", "keras", "tensorflow", "ai-edge-litert", "numpy", "pyarrow")
NOT_RESULTS = {"manifest.json", layout.KEY, layout.REPORT, layout.DONE}


def manifest(run: Run, folder: Path) -> dict[str, Any]:
    """Bytes and sha256 of each file in `folder`, the versions that made them, and their lineage in `run`.

    User names, passwords and signatures in addresses are left out: a manifest leaves the house.
    """
    transforms = read_json(run.path(layout.TRANSFORMS))
    return {
        "task": transforms["task"],
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "files": {path.name: _facts(path) for path in sorted(folder.iterdir()) if _is_result(path)},
        "versions": {package: metadata.version(package) for package in VERSIONS_OF},
        "lineage": {
            "run": without_secrets(run.address),
            "job": {field: without_secrets(value) for field, value in run.read_job().items()},
            "data": _read(run, f"prepare/{layout.KEY}", {}).get("data"),
            "stages": {stage: _read(run, f"{stage}/{layout.DONE}", None) for stage in ("prepare", "train")},
        },
    }


def without_secrets(value: Any) -> Any:
    """An address without user name, password and query; anything else as it is."""
    if not isinstance(value, str) or "://" not in value:
        return value
    parts = urlsplit(value)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


def _is_result(path: Path) -> bool:
    return path.is_file() and path.name not in NOT_RESULTS and not path.name.startswith(".")


def _facts(path: Path) -> dict[str, Any]:
    with path.open("rb") as file:
        return {"bytes": path.stat().st_size, "sha256": hashlib.file_digest(file, "sha256").hexdigest()}


def _read(run: Run, name: str, default: Any) -> Any:
    return read_json(run.path(name)) if run.path(name).exists() else default
