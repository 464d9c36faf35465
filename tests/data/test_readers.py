from __future__ import annotations

import gzip
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from nas_core.data.readers.reader import Reader, open_table
from nas_core.errors import JobError


def write(folder: Path, content: bytes, name: str = "t.csv") -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


def opened(path: Path) -> Reader:
    return open_table(path, path.parent / "scratch")


def rows(path: Path) -> list[dict[str, object]]:
    return pa.Table.from_batches(list(opened(path).batches())).to_pylist()


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_the_separator_is_found(tmp_path: Path, separator: str) -> None:
    text = "a,b\n1,x\n2,y\n".replace(",", separator)
    assert rows(write(tmp_path, text.encode())) == [{"a": "1", "b": "x"}, {"a": "2", "b": "y"}]


def test_a_separator_within_quotes_does_not_mislead(tmp_path: Path) -> None:
    path = write(tmp_path, b'name;note\n"a, b, c";"x\ny"\n"d, e, f";"z"\n')
    assert rows(path) == [{"name": "a, b, c", "note": "x\ny"}, {"name": "d, e, f", "note": "z"}]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_the_encoding_is_found(tmp_path: Path, encoding: str) -> None:
    assert rows(write(tmp_path, "größe,b\nsüß,1\n".encode(encoding))) == [{"größe": "süß", "b": "1"}]


def test_every_cell_of_a_csv_is_text_whatever_the_first_rows_say(tmp_path: Path) -> None:
    path = write(tmp_path, b"a\n" + b"1\n" * 3_000_000 + b"x\n")
    batches = list(opened(path).batches())
    assert len(batches) > 1
    assert {str(batch.schema.field("a").type) for batch in batches} == {"string"}
    assert batches[-1]["a"][-1].as_py() == "x"


def test_rows_with_too_many_cells_are_left_out_and_counted(tmp_path: Path) -> None:
    reader = opened(write(tmp_path, b"a,b\n1,2\n1,2,3\n4\n5,6\n"))
    for _ in range(2):  # each pass counts anew
        assert sum(batch.num_rows for batch in reader.batches()) == 2
        assert reader.n_bad_rows == 2


def test_packed_csv(tmp_path: Path) -> None:
    assert rows(write(tmp_path, gzip.compress(b"a,b\n1,2\n"), "t.csv.gz")) == [{"a": "1", "b": "2"}]


def test_columns_without_a_name_get_one(tmp_path: Path) -> None:
    assert rows(write(tmp_path, b",b\n1,2\n")) == [{"column 1": "1", "b": "2"}]


def test_parquet_keeps_types_and_is_known_by_its_content(tmp_path: Path) -> None:
    path = tmp_path / "download"
    pq.write_table(pa.table({"a": [1, 2], "b": ["x", None]}), path)
    assert rows(path) == [{"a": 1, "b": "x"}, {"a": 2, "b": None}]
    assert [batch.schema.names for batch in opened(path).batches(["b"])] == [["b"]]


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("t.csv", b"", "is empty"),
        ("t.csv", b"\n \n", "is empty"),
        ("t.csv", b"a,a\n1,2\n", r"\['a'\] more than once"),
        ("t.csv", b"\x89PNG\r\n\x1a\n\0\0\0", "is a picture"),
        ("t.parquet", b"PAR1 and no more", "whole Parquet file"),
        ("t.csv.gz", b"\x1f\x8b rubbish that is no gzip", "whole gzip file"),
    ],
)
def test_what_is_no_table_is_said_so(tmp_path: Path, name: str, content: bytes, words: str) -> None:
    with pytest.raises(JobError, match=words):
        opened(write(tmp_path, content, name))
