"""The rows of a file that is to be predicted."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa

from nas_core.data.rows import read_rows

NAMES: tuple[str, ...] = ()  # columns that say in the answer which row it is: the order does


def read(transform: dict[str, Any], path: Path, shown: str) -> pa.Table:
    """The table at `path`, which problems call `shown`.

    Raises:
        JobError: it is no table, or rows would be missing from the predictions.
    """
    return read_rows(path, shown)
