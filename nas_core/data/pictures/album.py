"""Where the pictures of a dataset are, and what is said about each: folders of classes, a table of names, arrays."""

from __future__ import annotations

import logging
import tarfile
import zipfile
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
import pyarrow as pa
from pyarrow import types

from nas_core.data.address import scheme, shown
from nas_core.data.archive import DAMAGE, LITTER, members_of
from nas_core.data.cells import flat, is_nested
from nas_core.data.limits import Limits, limits
from nas_core.data.readers.reader import Reader, open_table
from nas_core.data.source import PICTURES, File, fetch, local_fingerprint
from nas_core.data.types import IMAGE
from nas_core.errors import JobError

log = logging.getLogger("nas")

FILE, LABEL = "file", "label"
TABLES = (".csv", ".tsv", ".parquet", ".jsonl", ".xlsx")
TARS = (".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz")
BYTES_A_PIXEL = 4  # of a picture file that is no longer read, at most
MOSTLY = 0.5  # share of a column's first cells that name pictures
LOOKED_AT = 200  # cells
START_BYTES = 1 << 16


@dataclass(frozen=True)
class Album:
    """Pictures and what is said about them.

    `read` gives the content of the i-th: the bytes of its file, or an array (height, width) or (height, width,
    channels). `about` has a row a picture; its column ``file`` names them.
    """

    read: Callable[[int], bytes | np.ndarray]
    about: pa.Table
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return int(self.about.num_rows)


Files = Mapping[str, Callable[[], bytes]]  # by the path below the address


def is_album(files: Sequence[File]) -> bool:
    """Whether `files`, what lies behind an address, are pictures or hold them."""
    if any(_is_picture(file.name) for file in files):
        return True
    if len(files) != 1:
        return False
    path, name = files[0].path, files[0].name.lower()
    if name.endswith(".npz"):
        return True
    if name.endswith(TARS):
        return _tar_holds_pictures(path)
    return zipfile.is_zipfile(path) and _zip_holds_pictures(path)


def open_album(files: Sequence[File], scratch: Path) -> Album:
    """The pictures behind an address.

    Args:
        files: what :func:`is_album` said yes to.
        scratch: a folder for what has to be unpacked.

    Raises:
        JobError: an archive is damaged or made to do harm, a table does not name the pictures, arrays do not fit.
    """
    if len(files) == 1 and files[0].name.lower().endswith(".npz"):
        return _of_arrays(files[0].path)
    return _of_files(_contents(files, scratch), scratch)


def find_named_album(reader: Reader, uri: str, folder: str | None, scratch: Path) -> Album | None:
    """The pictures that a table at `uri` names, in `folder` or beside it; None when it is a table of something else.

    Raises:
        JobError: `folder` cannot be read, or no column names a picture in it.
    """
    where = folder or (str(Path(uri.removeprefix("file://")).parent) if scheme(uri) == "file" else None)
    first = next((batch for batch in reader.batches() if batch.num_rows), None)
    if first is None or where is None or not (folder or _names_files(first)):
        return None
    pictures = _pictures_in(where, scratch) if folder else _pictures_beside(where, scratch)
    album = _named_album(_whole(reader), pictures) if pictures else None
    if album is None and folder:
        message = f"`image_folder` must hold the pictures that a column names, but {len(pictures):,} pictures at"
        raise JobError(f"{message} {shown(folder)!r} are named by none of {reader.names}.")
    if album is None:
        log.warning("The table names pictures, but none of them lies beside it: say where they are (`image_folder`).")
    return album


def _pictures_in(where: str, scratch: Path) -> Files:
    found = _contents(fetch(where, scratch / "pictures"), scratch)
    return {name: read for name, read in found.items() if _is_picture(name)}


def _pictures_beside(where: str, scratch: Path) -> Files:
    """Those in a folder that nobody named: there may be none, or what is not to be read."""
    try:
        return _pictures_in(where, scratch)
    except JobError:
        return {}


def may_name_pictures(path: Path) -> bool:
    """Whether it pays to look for names of pictures in the table at `path`, by its first bytes; in a packed one not."""
    with path.open("rb") as file:
        start = file.read(START_BYTES).lower()
    is_opened_fast = start.startswith(b"par1") or path.suffix.lower() == ".xlsx"
    return is_opened_fast or any(suffix.encode() in start for suffix in PICTURES)


def fingerprint_beside(reader: Reader, uri: str, scratch: Path) -> dict[str, Any] | None:
    """What changes when pictures do that the table at `uri` names and that lie beside it; None where it names none."""
    album = find_named_album(reader, uri, None, scratch)
    if album is None:
        return None
    folder = Path(uri.removeprefix("file://")).parent
    return local_fingerprint([File(folder / name, name) for name in album.about[FILE].to_pylist()])


def _names_files(batch: pa.RecordBatch) -> bool:
    """Whether a column of a table's first rows holds names of picture files."""
    texts = [flat(column) for column in batch.columns if not is_nested(column.type)]
    starts = [text[:LOOKED_AT].drop_null().to_pylist() for text in texts if types.is_string(text.type)]
    return any(sum(cell.lower().endswith(PICTURES) for cell in cells) > MOSTLY * len(cells) for cells in starts)


def _contents(files: Sequence[File], scratch: Path) -> Files:
    """What can be read, by name: the files, or what a single archive holds."""
    most = BYTES_A_PIXEL * limits().max_pixels

    def read(path: Path) -> bytes:
        with path.open("rb") as file:
            return file.read(most)

    name = files[0].name.lower()
    if len(files) == 1 and name.endswith(TARS):
        found = _in_tar(files[0].path, scratch)
    elif len(files) == 1 and zipfile.is_zipfile(files[0].path):
        found = _in_zip(files[0].path)
    else:
        found = {file.name: partial(read, file.path) for file in files}
    return {name: found[name] for name in sorted(found) if not _is_litter(name)}


def _named_album(table: pa.Table, pictures: Files) -> Album | None:
    """The pictures that a column of `table` names, in its order; None when no column does."""
    places = _Names(pictures)
    for name in table.column_names:
        column = table[name]
        if not (types.is_string(column.type) or types.is_integer(column.type)):
            continue
        cells = column.cast(pa.string()).to_pylist()
        start = [cell for cell in cells[:LOOKED_AT] if cell]
        if start and sum(places.find(cell) is not None for cell in start) >= MOSTLY * len(start):
            return _named(table, name, [places.find(cell) if cell else None for cell in cells], pictures)
    return None


def _named(table: pa.Table, column: str, found: list[str | None], pictures: Files) -> Album:
    is_there = pa.array([name is not None for name in found])
    names = [name for name in found if name is not None]
    about = table.filter(is_there).drop_columns([column])
    check_free(about.column_names, column)
    notes = [f"The column {column!r} names the pictures."]
    if lacking := len(found) - len(names):
        notes.append(f"{lacking:,} of {len(found):,} rows name pictures that are not there: they are left out.")
    spare = len(pictures) - len(set(names))
    if spare:
        notes.append(f"{spare:,} pictures are named by no row: they are left out.")
    return Album(lambda i: pictures[names[i]](), about.add_column(0, FILE, pa.array(names)), tuple(notes))


def check_free(names: Sequence[str], column: str) -> None:
    """JobError when columns beside the pictures' own are called as those of an album."""
    if taken := {FILE, IMAGE} & set(names):
        raise JobError(f"must have no columns {sorted(taken)} beside {column!r}, the pictures' own: rename them.")


class _Names:
    """Finds a picture by what a table calls it: its path, the end of its path, or its name without suffix."""

    def __init__(self, names: Files) -> None:
        self._by_path = {name: name for name in names}
        self._by_end = _unique((PurePosixPath(name).name, name) for name in names)
        self._by_stem = _unique((PurePosixPath(name).stem, name) for name in names)

    def find(self, cell: str) -> str | None:
        path = cell.strip().replace("\\", "/").removeprefix("./")
        known = self._by_path.get(path) or self._by_end.get(path.rsplit("/", 1)[-1])
        return known or self._by_stem.get(path)


def _unique(pairs: Any) -> dict[str, str]:
    listed = list(pairs)
    counts = Counter(key for key, _ in listed)
    return {key: name for key, name in listed if counts[key] == 1}


def _of_files(found: Files, scratch: Path) -> Album:
    pictures = {name: read for name, read in found.items() if _is_picture(name)}
    require_few(len(pictures), limits())
    tables = [name for name in found if name.lower().endswith(TABLES)]
    for name in tables:
        album = _named_album(_table(found[name](), PurePosixPath(name).suffix, scratch), pictures)
        if album is not None:
            return album
    names = list(pictures)
    label = [PurePosixPath(name).parent.name or None for name in names]
    return Album(lambda i: pictures[names[i]](), pa.table({FILE: names, LABEL: pa.array(label, pa.string())}))


def _table(data: bytes, suffix: str, scratch: Path) -> pa.Table:
    scratch.mkdir(parents=True, exist_ok=True)
    path = scratch / f"names{suffix}"
    path.write_bytes(data)
    return _whole(open_table(path, scratch))


def _whole(reader: Reader) -> pa.Table:
    """A table that has a row a picture, without columns of lists and the like."""
    table = pa.Table.from_batches(reader.batches())
    names = [name for name in table.column_names if not is_nested(table[name].type)]
    return pa.table({name: flat(table[name]) for name in names})


# Archives


def _zip_holds_pictures(path: Path) -> bool:
    try:
        with zipfile.ZipFile(path) as archive:
            return any(_is_picture(name) for name in archive.namelist())
    except DAMAGE:
        return False


def _tar_holds_pictures(path: Path) -> bool:
    try:
        with tarfile.open(path) as archive:
            return any(_is_picture(member.name) for member, _ in zip(archive, range(LOOKED_AT), strict=False))
    except (tarfile.TarError, *DAMAGE):
        return False


def _in_zip(path: Path) -> Files:
    """The files of a zip archive, each read when it is asked for."""
    limit = limits()
    try:
        archive = zipfile.ZipFile(path)  # it stays open, as long as somebody may read
        members = members_of(archive, limit, most=limit.max_pictures)
    except JobError:  # it is whole, and forbidden: its message says why
        raise
    except DAMAGE as error:
        raise JobError(f"must be a whole zip archive, but reading it failed: {error}.") from None
    if any(member.flag_bits & 1 for member in members):
        raise JobError("must be an archive without a password, but has one: unpack it first.")
    most = BYTES_A_PIXEL * limit.max_pixels

    def read(member: zipfile.ZipInfo) -> bytes:
        try:
            with archive.open(member) as file:
                return file.read(most)
        except DAMAGE:
            return b""  # which is no picture

    return {member.filename: partial(read, member) for member in members if not member.is_dir()}


def _in_tar(path: Path, scratch: Path) -> Files:
    """The files of a tar archive, unpacked under numbers: no name in it decides where anything is written."""
    limit, files, n_bytes = limits(), dict[str, Callable[[], bytes]](), 0
    folder = scratch / "unpacked"
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with tarfile.open(path) as archive:
            for number, member in enumerate(archive):
                require_few(number, limit)
                n_bytes += member.size
                if n_bytes > limit.max_unpacked_mb << 20:
                    rule = f"must unpack to at most {limit.max_unpacked_mb:,} MB (`NAS_MAX_UNPACKED_MB`)"
                    raise JobError(f"{rule}, but is larger.")
                content = archive.extractfile(member) if member.isreg() else None
                if content is not None:
                    (folder / str(number)).write_bytes(content.read(BYTES_A_PIXEL * limit.max_pixels))
                    files[member.name.removeprefix("./")] = (folder / str(number)).read_bytes
    except JobError:
        raise
    except (tarfile.TarError, *DAMAGE) as error:
        raise JobError(f"must be a whole tar archive, but unpacking it failed: {error}.") from None
    return files


def require_few(n: int, limit: Limits) -> None:
    """JobError for more pictures than the limit."""
    if n > limit.max_pictures:
        raise JobError(f"must hold at most {limit.max_pictures:,} pictures (`NAS_MAX_PICTURES`), but has more.")


def _is_picture(name: str) -> bool:
    return name.lower().endswith(PICTURES) and not _is_litter(name)


def _is_litter(name: str) -> bool:
    path = PurePosixPath(name)
    return name.startswith(LITTER[0]) or path.name in LITTER or path.name.startswith("._")


# Arrays


def _of_arrays(path: Path) -> Album:
    """Of an ``.npz`` the array of pictures, and those that have a value a picture."""
    try:
        with np.load(path, allow_pickle=False) as saved:
            arrays = {name: saved[name] for name in saved.files}
    except DAMAGE as error:
        raise JobError(f"must be a whole .npz file of plain arrays, but reading it failed: {error}.") from None
    pictures = [name for name, array in arrays.items() if array.ndim in (3, 4)]
    shapes = {name: array.shape for name, array in arrays.items()}
    if len(pictures) != 1:
        rule = "must hold one array of pictures (n, height, width) or (n, height, width, channels)"
        raise JobError(f"{rule}, but the arrays are {shapes}: save training and test rows in files of their own.")
    pixels = arrays.pop(pictures[0])
    if pixels.ndim == 4 and pixels.shape[-1] not in (1, 3):
        raise JobError(
            f"must hold pictures with 1 or 3 channels, the last axis, but {pictures[0]!r} is {pixels.shape}."
        )
    n = len(pixels)
    values = {name: array.reshape(-1) for name, array in arrays.items() if array.size == n}
    others = {name: array.size for name, array in arrays.items() if array.size != n}
    if others and not values:
        found = ", ".join(f"{name!r} has {size:,}" for name, size in others.items())
        rule = f"must hold an array with a value for each of the {n:,} pictures of {pictures[0]!r}"
        raise JobError(f"{rule}, but {found}.")
    pixels = _bytes(pixels)
    about = {FILE: [f"{pictures[0]}[{i}]" for i in range(n)]} | {k: pa.array(v) for k, v in values.items()}
    notes = [f"{name!r} has {size:,} values for {n:,} pictures: it is left out." for name, size in others.items()]
    return Album(lambda i: np.asarray(pixels[i]), pa.table(about), tuple(notes))


def _bytes(pixels: np.ndarray) -> np.ndarray:
    """Pixels as uint8: floats up to 1 times 255, 16 bits by their upper 8."""
    if pixels.dtype == np.uint8:
        return pixels
    if pixels.dtype == np.uint16:
        return (pixels >> 8).astype(np.uint8)
    unit = 255.0 if pixels.dtype.kind == "f" and np.nanmax(pixels, initial=0.0) <= 1 else 1.0
    return np.clip(np.nan_to_num(pixels * unit), 0, 255).astype(np.uint8)
