"""What the service takes from outside: how much, from which folders, from which hosts.

Each limit is an environment variable of the service, never a field of the job: who asks cannot raise it.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, fields
from pathlib import Path

from nas_core.errors import JobError


@dataclass(frozen=True)
class Limits:
    """The limits in force; ``max_columns`` is set by the environment variable ``NAS_MAX_COLUMNS``, and so on."""

    max_download_mb: int = 20_000
    """Largest file that is fetched from S3, over HTTP or out of a database."""
    max_unpacked_mb: int = 20_000
    """Largest file that comes out of an archive."""
    max_members: int = 1_000
    """Entries of an archive."""
    max_files: int = 10_000
    """Files of a folder or glob, pictures aside."""
    max_pictures: int = 2_000_000
    """Pictures of a folder or archive."""
    max_pixels: int = 100_000_000
    """Pixels of a picture; a larger one is left out."""
    max_rows: int = 1_000_000_000
    """Rows of a table."""
    max_columns: int = 10_000
    """Columns of a table."""
    max_cell: int = 1_000_000
    """Bytes of a text in a cell."""
    max_sheet_cells: int = 50_000_000
    """Cells of a spreadsheet, and of a JSON document that is one list: both are read into memory."""
    fetch_seconds: int = 3_600
    """Seconds that fetching one address may take."""
    data_folders: tuple[Path, ...] | None = None
    """Folders below which local files may lie (``NAS_DATA_FOLDERS``, parted by colons); None: anywhere."""
    private_hosts: tuple[str, ...] = ()
    """Hosts and networks (``NAS_PRIVATE_HOSTS``, parted by commas) that may be asked though they are not public."""


def limits() -> Limits:
    """The limits of this process.

    Raises:
        JobError: a variable is no number.
    """
    given: dict[str, object] = {}
    for field in fields(Limits):
        name = f"NAS_{field.name.upper()}"
        if (text := os.environ.get(name)) is None:
            continue
        if field.name == "data_folders":
            given[field.name] = tuple(Path(part).expanduser().resolve() for part in text.split(os.pathsep) if part)
        elif field.name == "private_hosts":
            given[field.name] = tuple(part.strip() for part in text.split(",") if part.strip())
        elif text.isascii() and text.isdigit():
            given[field.name] = int(text)
        else:
            raise JobError(f"`{name}` must be a whole number, but got {text!r}.")
    return Limits(**given)  # type: ignore[arg-type]
