"""Weights of pretrained networks: where they lie, by the choice that they are for. Nothing is downloaded unasked."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path
from typing import Any

from nas_core.data.checks import Findings
from nas_core.data.source import File, fetch
from nas_core.errors import JobError

# As Keras calls the files of its cache, with the pictures' size; or as a person may.
KERAS_NAME = re.compile(r"mobilenet_v2_weights_tf_dim_ordering_tf_kernels_(?P<alpha>\d\.\d+)_(?P<size>\d+)_no_top\.h5")
OWN_NAME = re.compile(r"mobilenet_v2_(?P<alpha>\d\.\d+)(?P<size>)(\.weights)?\.h5")
FOLDER = "backbones"  # below prepare/


def provide(where: str | None, folder: Path, scratch: Path, findings: Findings) -> dict[str, str]:
    """Copy the weights that lie at `where`, or in Keras' own cache, into `folder`.

    Args:
        where: a folder, a file or ``s3://…/``; None: Keras' cache.
        folder: where they are to lie.
        scratch: for what has to be fetched.
        findings: receives a line that says what there is.

    Returns:
        File names by alpha, the width of the network ("0.35").

    Raises:
        JobError: there are none at `where`.
    """
    files = fetch(where, scratch) if where else _cached()
    found = {alpha: file for alpha, _, file in sorted(_named(files), key=lambda entry: entry[1])}
    if where and not found:
        raise JobError(
            f"must hold weights such as mobilenet_v2_0.35.weights.h5, but got {[f.name for f in files][:5]}."
        )
    for file in found.values():
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file.path, folder / Path(file.name).name)
    if found:
        message = f"The weights of {len(found)} pretrained network(s) were found."
        findings.info(None, FOLDER, message, "The search may begin networks with them.")
    else:
        message = "No weights of pretrained networks were found: neither `backbones` nor Keras' cache has any."
        findings.info(None, FOLDER, message, "The search does not offer them.")
    return {f"{alpha:g}": Path(file.name).name for alpha, file in sorted(found.items())}


def _cached() -> list[File]:
    home = os.environ.get("KERAS_HOME")
    folder = (Path(home) if home else Path.home() / ".keras") / "models"
    return [File(path, path.name) for path in sorted(folder.glob("*.h5"))]


def _named(files: list[File]) -> list[tuple[float, int, File]]:
    """Alpha, the size of the pictures that they learned from, and the file, of those that hold weights."""
    found: list[tuple[float, int, Any]] = []
    for file in files:
        name = Path(file.name).name
        if match := KERAS_NAME.fullmatch(name) or OWN_NAME.fullmatch(name):
            found.append((float(match["alpha"]), int(match["size"] or 0), file))
    return found
