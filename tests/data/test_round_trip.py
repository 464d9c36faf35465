"""Random tables in random dialects come back unchanged."""

from __future__ import annotations

import csv
import gzip
import io
import tempfile
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nas_core.data import cells
from nas_core.data.readers.dialect import Dialect
from nas_core.data.readers.reader import open_table

MANY = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
NAMES = ["when", "größe", "имя", "col 3", "x", "=SUM(A1)", "last"]
LETTERS = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), max_size=12)
ANYTHING = st.text(st.sampled_from("ab \"',;|\t\n=1.5é€я"), max_size=12)


def read(content: bytes, asked: Dialect | None = None) -> dict[str, list[Any]]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "t"
        path.write_bytes(content)
        reader = open_table(path, Path(folder), asked)
        table = pa.Table.from_batches(list(reader.batches())).to_pydict()
    return {name: table[name] for name in reader.names}


@st.composite
def tables(draw: st.DrawFn, cell: st.SearchStrategy[str]) -> list[list[str]]:
    """Names and at least two rows of texts."""
    width = draw(st.integers(2, len(NAMES)))
    row = st.lists(cell, min_size=width, max_size=width)
    return [NAMES[:width], *draw(st.lists(row, min_size=2, max_size=12))]


def written(rows: list[list[str]], encoding: str, **form: Any) -> bytes:
    out = io.StringIO(newline="")
    csv.writer(out, **form).writerows(rows)
    return out.getvalue().encode(encoding)


@MANY
@given(
    tables(st.one_of(LETTERS, ANYTHING)),
    st.sampled_from([",", ";", "\t", "|", "\x1f"]),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-32"]),
    st.sampled_from(["\n", "\r\n"]),
    st.booleans(),
)
def test_any_text_in_any_dialect_that_is_told(rows: Any, mark: str, encoding: str, end: str, is_packed: bool) -> None:
    content = written(rows, encoding, delimiter=mark, lineterminator=end, quoting=csv.QUOTE_ALL)
    asked = Dialect(delimiter=mark, quote='"', header=True, skip_rows=0, decimal=".", thousands="")
    found = read(gzip.compress(content) if is_packed else content, asked)
    assert found == {name: [row[place] for row in rows[1:]] for place, name in enumerate(rows[0])}


# Letters beyond ASCII stand between others, as in words: three in a row could be of any alphabet.
WORDS = st.from_regex(r" ?[a-g]{1,3}([äöüß ][a-g]{1,2}){0,3} ?", fullmatch=True)


@MANY
@given(
    st.lists(st.tuples(WORDS, st.floats(-1e6, 1e6), st.integers(-(10**9), 10**9)), min_size=3, max_size=40),
    st.sampled_from([",", ";", "\t", "|"]),
    st.sampled_from(["utf-8", "utf-16", "cp1252"]),
    st.sampled_from([(".", ""), (",", ""), (",", "."), (".", ","), (",", " "), (".", " ")]),
    st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
)
def test_numbers_and_words_in_a_dialect_that_is_found(
    rows: Any, mark: str, encoding: str, marks: tuple[str, str], quoting: Any
) -> None:
    decimal, thousands = marks

    def spelled(value: float) -> str:
        return f"{value:,.2f}".translate(str.maketrans({",": thousands, ".": decimal}))

    lines = [["wort", "zahl", "n"], *([word, spelled(x), str(n)] for word, x, n in rows)]
    found = read(written(lines, encoding, delimiter=mark, quoting=quoting))
    assert list(found) == ["wort", "zahl", "n"]
    assert found["wort"] == [word for word, _, _ in rows]
    assert cells.numbers(pa.array(found["zahl"])).tolist() == [float(f"{x:.2f}") for _, x, _ in rows]
    assert cells.numbers(pa.array(found["n"])).tolist() == [float(n) for _, _, n in rows]


TYPED = {
    pa.int64(): st.integers(-(2**63), 2**63 - 1),
    pa.float64(): st.floats(allow_nan=False),
    pa.string(): LETTERS,
    pa.bool_(): st.booleans(),
    pa.timestamp("us"): st.datetimes(),
}


@st.composite
def typed_tables(draw: st.DrawFn) -> pa.Table:
    kinds = draw(st.lists(st.sampled_from(list(TYPED)), min_size=1, max_size=6))
    n_rows = draw(st.integers(1, 20))
    columns = [draw(st.lists(st.none() | TYPED[kind], min_size=n_rows, max_size=n_rows)) for kind in kinds]
    arrays = [pa.array(column, kind) for column, kind in zip(columns, kinds, strict=True)]
    return pa.table(arrays, names=[f"c{number}" for number in range(len(kinds))])


@MANY
@given(typed_tables(), st.sampled_from(["parquet", "arrow", "stream"]))
def test_typed_tables_keep_types_and_values(table: pa.Table, form: str) -> None:
    out = io.BytesIO()
    if form == "parquet":
        pq.write_table(table, out)
    else:
        with (pa.ipc.new_stream if form == "stream" else pa.ipc.new_file)(out, table.schema) as writer:
            writer.write_table(table)
    assert read(out.getvalue()) == table.to_pydict()
