"""What a cell of a table means: a word, a number, a moment, or nothing.

Cells come typed (Parquet, a data frame) or as text (CSV); either way the same meaning gives the same arrays, so that a
network trained on one predicts on the other. Everything here works on whole Arrow columns.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import types

# The words that pandas takes for a missing value, and the question mark of many public tables.
MISSING_WORDS = "? #N/A #NA -1.#IND -1.#QNAN -NaN -nan 1.#IND 1.#QNAN <NA> N/A NA NULL NaN NaT None n/a nan null"
MISSING = pa.array(["", "#N/A N/A", *MISSING_WORDS.split(" ")])
NUMBER = r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$"
TRUE = ("true", "yes", "y", "t", "on")
FALSE = ("false", "no", "n", "f", "off")

_TIMES = ("", " %H:%M:%S", " %H:%M")
# Each form: what its dates look like, and how they are read.
DATE_FORMS: dict[str, tuple[str, str]] = {
    "year-month-day": (r"^\d{4}-\d{1,2}-\d{1,2}", "%Y-%m-%d"),
    "year/month/day": (r"^\d{4}/\d{1,2}/\d{1,2}", "%Y/%m/%d"),
    "day.month.year": (r"^\d{1,2}\.\d{1,2}\.\d{4}", "%d.%m.%Y"),
    "month/day/year": (r"^\d{1,2}/\d{1,2}/\d{4}", "%m/%d/%Y"),
    "day/month/year": (r"^\d{1,2}/\d{1,2}/\d{4}", "%d/%m/%Y"),
}
ISO = "year-month-day"

Column: TypeAlias = pa.Array | pa.ChunkedArray


def flat(column: Column) -> pa.Array:
    """`column` in one piece, without dictionary, text as plain strings."""
    if isinstance(column, pa.ChunkedArray):
        column = column.combine_chunks()
    if types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if types.is_null(column.type) or types.is_large_string(column.type) or types.is_string_view(column.type):
        column = column.cast(pa.string())
    return column


def texts(column: Column) -> pa.Array:
    """The cells as trimmed strings, spelled as they came; null where the value is missing."""
    column = flat(column)
    if types.is_floating(column.type):
        column = pc.if_else(pc.is_finite(column), column, None)
    if not types.is_string(column.type):
        return column.cast(pa.string())
    column = pc.utf8_trim_whitespace(column)
    return pc.if_else(pc.is_in(column, MISSING), None, column)


def words(column: Column) -> pa.Array:
    """The cells as strings in one spelling, so that 1, 1.0 and "1.0" are the same category; null where missing."""
    encoded = texts(column).dictionary_encode()
    spelled = pc.replace_substring_regex(encoded.dictionary, r"^([+-]?\d+)\.0+$", r"\1")
    return spelled.take(encoded.indices)


def coded(column: Column) -> tuple[pa.Array, np.ndarray]:
    """The different cells, and for each cell its place among them: int32, -1 where it is null."""
    if isinstance(column, pa.ChunkedArray):
        column = column.unify_dictionaries().combine_chunks()
    encoded = column if types.is_dictionary(column.type) else flat(column).dictionary_encode()
    return flat(encoded.dictionary), encoded.indices.fill_null(-1).to_numpy().astype(np.int32)


def numbers(column: Column) -> np.ndarray:
    """The cells as float64; NaN where a cell is missing, infinite or not a number."""
    if types.is_dictionary(column.type):
        different, places = coded(column)
        return np.asarray(np.append(numbers(different), np.nan)[places])
    column = flat(column)
    if types.is_string(column.type):
        column = _parsed(texts(column))
    elif not (types.is_boolean(column.type) or types.is_integer(column.type) or _is_real(column.type)):
        return np.full(len(column), np.nan)
    values: np.ndarray = column.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)
    finite = np.isfinite(values)
    return values if finite.all() else np.where(finite, values, np.nan)


def _is_real(kind: pa.DataType) -> bool:
    return bool(types.is_floating(kind) or types.is_decimal(kind))


def _parsed(column: pa.Array) -> pa.Array:
    try:
        return column.cast(pa.float64())
    except pa.ArrowInvalid:  # some cell is no number: look at each
        return pc.if_else(pc.match_substring_regex(column, NUMBER), column, None).cast(pa.float64())


def booleans(column: Column) -> np.ndarray:
    """The cells as float64: 1 for true, yes, on …, 0 for false, no, off …; numbers stay; NaN for anything else."""
    values = numbers(column)
    column = flat(column)
    if types.is_string(column.type):
        lowered = pc.utf8_lower(texts(column))
        values = np.where(is_one_of(lowered, TRUE), 1.0, np.where(is_one_of(lowered, FALSE), 0.0, values))
    return values


def is_one_of(column: pa.Array, allowed: tuple[str, ...]) -> np.ndarray:
    """A mask of the cells that are one of the `allowed` words."""
    mask: np.ndarray = pc.is_in(column, pa.array(allowed)).to_numpy(zero_copy_only=False)
    return mask


def moments(column: Column, form: str = ISO) -> np.ndarray:
    """The cells as datetime64[s], NaT where a cell is missing or no date of this `form`. Time zones are left out."""
    column = flat(column)
    if types.is_temporal(column.type) and not (types.is_time(column.type) or types.is_duration(column.type)):
        return _seconds(column.cast(pa.timestamp("s", tz=getattr(column.type, "tz", None)), safe=False))
    if not types.is_string(column.type):
        return np.full(len(column), np.datetime64("NaT"), dtype="datetime64[s]")
    pattern, day = DATE_FORMS[form]
    text = pc.replace_substring(texts(column), "T", " ", max_replacements=1)
    text = pc.replace_substring_regex(text, r"(\d{2}:\d{2}(:\d{2})?)(\.\d+)?\s*(Z|[+-]\d{2}:?\d{2})?$", r"\1")
    text = pc.if_else(pc.match_substring_regex(text, pattern), text, None)
    read = [pc.strptime(text, format=day + time, unit="s", error_is_null=True) for time in _TIMES]
    return _seconds(pc.coalesce(*read))


def _seconds(column: pa.Array) -> np.ndarray:
    seconds: np.ndarray = column.cast(pa.timestamp("s")).to_numpy(zero_copy_only=False).astype("datetime64[s]")
    return seconds


def is_nested(kind: pa.DataType) -> bool:
    """Whether cells of this type hold lists, structures or bytes, which a table's network cannot read."""
    return bool(types.is_nested(kind) or types.is_binary(kind) or types.is_large_binary(kind) or is_picture(kind))


def is_picture(kind: pa.DataType) -> bool:
    """Whether cells of this type are pictures (see :mod:`nas_core.data.pictures.reader`)."""
    return isinstance(kind, pa.FixedShapeTensorType)
