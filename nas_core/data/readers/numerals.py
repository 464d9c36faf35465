"""Numbers as people write them: a decimal comma, marks between thousands.

A file has one way of writing numbers, told from a sample; cells of columns that speak otherwise are left as they are.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import types

SPACES = " \u00a0\u2009\u202f"
MARKS = ".,'’" + SPACES
# What speaks for a decimal comma, for a decimal point, and for a mark between thousands with each.
COMMA = re.compile(rf"[+-]?(\d+|\d{{1,3}}([.'’{SPACES}]\d{{3}})+),(\d{{1,2}}|\d{{4,}})([eE][+-]?\d+)?|[+-]?0,\d+")
POINT = re.compile(rf"[+-]?(\d+|\d{{1,3}}([,'’{SPACES}]\d{{3}})+)\.(\d{{1,2}}|\d{{4,}})([eE][+-]?\d+)?|[+-]?0\.\d+")
GROUPED = re.compile(rf"[+-]?[1-9]\d{{0,2}}(([{MARKS}])\d{{3}})(\2\d{{3}})*([.,]\d+)?")
SINGLE = re.compile(r"[+-]?[1-9]\d{0,2}([.,])\d{3}")  # 1,234: thousands or thousandths


@dataclass(frozen=True)
class Numerals:
    """The decimal mark, the mark between thousands ("" for none), and the columns in which they are to be read."""

    decimal: str
    thousands: str
    columns: tuple[str, ...]

    def normal(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """`batch` with the numbers of its text columns as 1234.5."""
        arrays = [
            self._normal(column) if name in self.columns and types.is_string(column.type) else column
            for name, column in zip(batch.schema.names, batch.columns, strict=True)
        ]
        return pa.record_batch(arrays, names=batch.schema.names)

    def _normal(self, column: pa.Array) -> pa.Array:
        trimmed = pc.utf8_trim_whitespace(column)
        bare = pc.replace_substring_regex(trimmed, f"[{_escaped(self._marks())}]", "") if self.thousands else trimmed
        if self.decimal == ",":
            bare = pc.replace_substring(bare, ",", ".")
        return pc.if_else(pc.match_substring_regex(trimmed, self._pattern()), bare, column)

    def _marks(self) -> str:
        return SPACES if self.thousands in SPACES else self.thousands

    def _pattern(self) -> str:
        whole = rf"\d{{1,3}}([{_escaped(self._marks())}]\d{{3}})+|\d+" if self.thousands else r"\d+"
        return rf"^[+-]?({whole})({re.escape(self.decimal)}\d*)?([eE][+-]?\d+)?$"


def _escaped(marks: str) -> str:
    return "".join(f"\\x{{{ord(mark):x}}}" for mark in marks)  # RE2's form, for every character


def find_numerals(
    columns: Mapping[str, Sequence[str]], decimal: str | None, thousands: str | None, *, comma_separates: bool
) -> Numerals | None:
    """How numbers are written in a sample of cells by column; None when it is the plain way everywhere.

    Args:
        columns: cells as they stand in the file.
        decimal: the decimal mark that a person names, if any.
        thousands: the mark between thousands that a person names, "" for none.
        comma_separates: whether a comma parts cells; then 1,234 in a cell is more likely a grouped number.
    """
    votes = {name: _votes(cells) for name, cells in columns.items()}
    if decimal is None:
        n_comma, n_point = (sum(vote[mark] for vote in votes.values()) for mark in (",", "."))
        n_single = sum(vote["single ,"] for vote in votes.values())
        decimal = "," if n_comma > n_point or (not n_point and n_single and not comma_separates) else "."
    other = "." if decimal == "," else ","
    if thousands is None:
        found = Counter(mark for vote in votes.values() for mark in vote["marks"])
        found[other] += sum(vote[f"single {other}"] for vote in votes.values())
        thousands = max((mark for mark in found if mark != decimal and found[mark]), key=found.__getitem__, default="")
        if decimal == "," and thousands in ("", "."):
            thousands = "."  # a point can be nothing else then
    spoken = tuple(name for name, vote in votes.items() if not vote[other] and not vote["words"])
    if decimal == "." and not thousands:
        return None
    return Numerals(decimal, thousands, spoken) if spoken else None


def _votes(cells: Sequence[str]) -> dict[str, Any]:
    """What a column's cells say: counts for both decimal marks, undecided ones, thousands marks, mostly words."""
    cells = [cell.strip() for cell in cells if cell.strip()]
    marks = [match[2] for cell in cells if (match := GROUPED.fullmatch(cell)) and not SINGLE.fullmatch(cell)]
    singles = Counter(match[1] for cell in cells if (match := SINGLE.fullmatch(cell)))
    n_comma, n_point = (sum(bool(form.fullmatch(cell)) for cell in cells) for form in (COMMA, POINT))
    n_digits = sum(cell.strip("+-0123456789eE" + MARKS) == "" and any(map(str.isdigit, cell)) for cell in cells)
    return {
        ",": n_comma,
        ".": n_point,
        "single ,": singles[","],
        "single .": singles["."],
        "marks": marks,
        "words": n_digits < 0.5 * len(cells),
    }
