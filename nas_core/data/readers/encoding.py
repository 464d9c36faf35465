"""Which encoding a text file has."""

from __future__ import annotations

import codecs
import itertools
import math
import re
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa

from nas_core.errors import JobError

BLOCK = 1 << 22
SAMPLE = 1 << 16  # bytes of lines beyond ASCII that decide between 8-bit encodings
MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# 8-bit encodings of European alphabets, the likelier ones first, and the letters that are frequent in them.
LATIN, CYRILLIC, GREEK = "äöüßéèàçñáíóúêâôîûëïåæœõãœìòù", "оеаинтсрвлкмдпуяыьгзбч", "αοιεητσνρκπυλμωςάίόέήύ"
ALPHABETS = {
    "cp1252": LATIN + "ø",
    "cp1251": CYRILLIC,
    "cp1250": LATIN + "łóżćęśąźńčřšžýěůďťňőűșță",
    "cp1254": LATIN + "şığ",
    "cp1253": GREEK,
    "koi8_r": CYRILLIC,
    "cp866": CYRILLIC,
}
ASIAN = ("shift_jis", "cp932", "euc_jp", "gb18030", "gbk", "gb2312", "big5", "euc_kr", "cp949")
SIGNS = "°€£§«»–—’‘“”„…№±²³µ·¿¡®©™½ªº\xa0"
PRIOR = 0.12  # what an encoding must be better by than Windows-1252


def find_encoding(path: Path) -> str:
    """The encoding of the file at `path`: what its mark says, else UTF-8 if all of it is, else what is likeliest.

    Raises:
        JobError: the file is no text.
    """
    with path.open("rb") as file:
        start = file.read(4096)
    for mark, name in MARKS:
        if start.startswith(mark):
            return name
    if (wide := _wide(start)) is not None:
        return wide
    sample = _beyond_utf8(path)
    return "utf-8" if sample is None else _likeliest(sample)


def _wide(start: bytes) -> str | None:
    """UTF-16 without a mark: every other byte of mostly Latin text is zero."""
    n = len(start) // 2
    if b"\0" not in start:
        return None
    even, odd = start[0 : 2 * n : 2].count(0), start[1 : 2 * n : 2].count(0)
    if n >= 2 and odd > 0.1 * n and not even:
        return "utf-16-le"
    if n >= 2 and even > 0.1 * n and not odd:
        return "utf-16-be"
    raise JobError("must be a table in a format that is read (CSV, Excel, Parquet, …), but is none of them.")


def _beyond_utf8(path: Path) -> bytes | None:
    """Lines with bytes beyond ASCII from a file that is not UTF-8; None when it is."""
    sample, size, is_utf8 = [], 0, True
    for block in _blocks(path):
        if is_utf8 and _is_utf8(block):
            continue
        is_utf8 = False
        for line in block.splitlines(keepends=True):
            if not line.isascii():
                sample.append(line)
                size += len(line)
                if size > SAMPLE:
                    return b"".join(sample)
    return None if is_utf8 else b"".join(sample)


def _blocks(path: Path) -> Iterator[bytes]:
    """The file in blocks that end with a line, or at least between two characters of UTF-8."""
    rest = b""
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            block = rest + block
            end = block.rfind(b"\n") + 1 or _whole(block)
            yield block[:end]
            rest = block[end:]
    yield rest


def _whole(block: bytes) -> int:
    """The length of `block` without a character that is cut at its end."""
    for back in range(1, min(4, len(block)) + 1):
        if block[-back] & 0xC0 != 0x80:
            return len(block) - back
    return len(block)


def _is_utf8(block: bytes) -> bool:
    """Arrow looks at 10 GB/s; Python's decoder would copy."""
    offsets = pa.array([0, len(block)], pa.int64()).buffers()[1]
    column = pa.Array.from_buffers(pa.large_binary(), 1, [None, offsets, pa.py_buffer(block)])
    try:
        column.cast(pa.large_string())
    except pa.ArrowInvalid:
        return False
    return True


def _likeliest(sample: bytes) -> str:
    """The encoding that makes words of the sample."""
    costs = {name: _cost(sample, name) + PRIOR * (name != "cp1252") for name in ALPHABETS}
    best = min(costs, key=lambda name: costs[name])
    if costs[best] <= 0.15 or sum(byte > 127 for byte in sample) < 10:
        return best
    from charset_normalizer import from_bytes  # knows those of Asia, and needs more text to tell the others apart

    match = from_bytes(sample).best()
    return match.encoding if match and match.encoding in ASIAN else best


def _cost(sample: bytes, encoding: str) -> float:
    """How unlike words of its alphabet the decoded sample is: 0 for usual ones, 1 and more for nonsense."""
    try:
        text = sample.decode(encoding)
    except UnicodeDecodeError:
        return math.inf
    beyond = [char for char in text if not char.isascii()]
    usual = set(ALPHABETS[encoding])
    strange = sum(0 if c.lower() in usual else 0.1 if c in SIGNS else 0.5 if c.isalpha() else 1 for c in beyond)
    return (strange + sum(_oddness(word) for word in re.findall(r"\w+", text) if not word.isascii())) / max(
        len(beyond), 1
    )


def _oddness(word: str) -> float:
    """Counts capitals after small letters, two alphabets in a word, and three accents in a row."""
    is_latin = [char.isascii() or char in LATIN or "\xc0" <= char < "\u0250" for char in word if char.isalpha()]
    cost = sum(a.islower() and b.isupper() for a, b in itertools.pairwise(word))
    if any(is_latin) and not all(is_latin):
        cost += len(word)
    cost += sum(char in SIGNS for char in word)
    return cost + sum(map(len, re.findall(r"[\xc0-\xff]{3,}", word)))
