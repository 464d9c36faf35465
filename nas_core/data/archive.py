"""Files in files: unpacked once, within limits, and never written under a name that stands inside."""

from __future__ import annotations

import bz2
import gzip
import lzma
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import IO, Any

import pyarrow as pa

from nas_core.data.limits import Limits, limits
from nas_core.errors import JobError

CHUNK = 1 << 20
ZIP = b"PK\x03\x04"
PACKERS: dict[bytes, str] = {
    b"\x1f\x8b": "gzip",
    b"BZh": "bzip2",
    b"\xfd7zXZ\0": "xz",
    b"\x28\xb5\x2f\xfd": "zstd",
    ZIP: "zip",
    b"PK\x05\x06": "zip",  # an empty one
}
# What damaged archives make the readers of the standard library raise.
_OWN = (lzma.LZMAError, zlib.error, zipfile.BadZipFile)
DAMAGE = (OSError, EOFError, ValueError, LookupError, RuntimeError, struct.error, *_OWN)
# What programs put into archives beside the files that people mean.
LITTER = ("__MACOSX/", ".DS_Store", "Thumbs.db", "desktop.ini")


def packer(start: bytes) -> str | None:
    """How a file that begins with `start` is packed; None when it is not."""
    return next((name for signature, name in PACKERS.items() if start.startswith(signature)), None)


def unpack(path: Path, kind: str, target: Path) -> None:
    """Write the one file that is packed in `path` to `target`.

    Raises:
        JobError: the archive is damaged, holds another number of files, is too large, or is made to do harm.
    """
    limit = limits()
    most = limit.max_unpacked_mb << 20
    n_bytes = 0
    try:
        with target.open("wb") as out:
            for chunk in _content(path, kind, limit):
                n_bytes += len(chunk)
                if n_bytes > most:
                    rule = f"must unpack to at most {limit.max_unpacked_mb:,} MB (`NAS_MAX_UNPACKED_MB`)"
                    raise JobError(f"{rule}, but is larger.")
                out.write(chunk)
    except JobError:
        raise
    except DAMAGE as error:
        raise JobError(f"must be a whole {kind} file, but unpacking it failed: {error}.") from None


def _content(path: Path, kind: str, limit: Limits) -> Iterator[bytes]:
    if kind == "zip":
        with zipfile.ZipFile(path) as archive, archive.open(_only_member(archive, limit)) as file:
            yield from _chunks(file)
        return
    openers: dict[str, Any] = {
        "gzip": gzip.open,
        "bzip2": bz2.open,
        "xz": lzma.open,
        "zstd": lambda path: pa.CompressedInputStream(pa.OSFile(str(path)), "zstd"),
    }
    with openers[kind](path) as file:
        yield from _chunks(file)


def _chunks(file: IO[bytes]) -> Iterator[bytes]:
    while chunk := file.read(CHUNK):
        yield chunk


def _only_member(archive: zipfile.ZipFile, limit: Limits) -> zipfile.ZipInfo:
    members = members_of(archive, limit)
    files = [m for m in members if not m.is_dir() and not m.filename.startswith(LITTER[0])]
    files = [m for m in files if PurePosixPath(m.filename).name not in LITTER]
    if len(files) != 1:
        names = [m.filename for m in files[:5]] + ["…"] * (len(files) > 5)
        rule = "must be an archive of one file, or of pictures (.jpg, .png, .webp, …), but holds"
        raise JobError(f"{rule} {len(files):,}: {names}. Unpack tables into a folder.")
    if files[0].flag_bits & 1:
        raise JobError("must be an archive without a password, but has one: unpack it first.")
    return files[0]


def members_of(archive: zipfile.ZipFile, limit: Limits, most: int | None = None) -> list[zipfile.ZipInfo]:
    """The entries of a zip file; JobError when there are too many, or when one is a link or points outside.

    `most` is how many there may be where that is not the limit of any archive.
    """
    members = archive.infolist()
    if len(members) > (limit.max_members if most is None else most):
        rule = f"must be an archive of at most {most or limit.max_members:,} entries"
        rule += " (`NAS_MAX_MEMBERS`)" if most is None else " (`NAS_MAX_PICTURES`)"
        raise JobError(f"{rule}, but has {len(members):,}.")
    for member in members:
        name = member.filename.replace("\\", "/")
        if name.startswith("/") or name[1:2] == ":" or ".." in name.split("/"):
            raise JobError(f"must be an archive whose files stay in it, but one is named {member.filename[:100]!r}.")
        if stat.S_ISLNK(member.external_attr >> 16):
            raise JobError(f"must be an archive without links, but {member.filename[:100]!r} is one.")
    return members


def inflated(archive: zipfile.ZipFile, member: zipfile.ZipInfo, limit: Limits) -> Iterator[bytes]:
    """The real content of a member, whatever size the archive claims for it."""
    if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) or member.flag_bits & 1:
        raise JobError("must be packed as spreadsheets are, but has a password or another compression.")
    file: Any = archive.fp
    file.seek(member.header_offset)
    header = file.read(30)
    file.seek(int.from_bytes(header[26:28], "little") + int.from_bytes(header[28:30], "little"), 1)
    left = member.compress_size
    if member.compress_type == zipfile.ZIP_STORED:
        while left > 0 and (chunk := file.read(min(left, CHUNK))):
            left -= len(chunk)
            yield chunk
        return
    decoder = zlib.decompressobj(-zlib.MAX_WBITS)
    n_bytes, most = 0, limit.max_unpacked_mb << 20
    while not decoder.eof and (packed := decoder.unconsumed_tail or file.read(min(left, CHUNK))):
        left -= 0 if decoder.unconsumed_tail else len(packed)
        chunk = decoder.decompress(packed, CHUNK)
        n_bytes += len(chunk)
        if n_bytes > most:
            raise JobError(
                f"must unpack to at most {limit.max_unpacked_mb:,} MB (`NAS_MAX_UNPACKED_MB`), but is larger."
            )
        yield chunk
