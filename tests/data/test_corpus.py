"""Every table of the corpus: the good ones come out as they should, the bad ones with words that help."""

from __future__ import annotations

from pathlib import Path

import corpus
import pyarrow as pa
import pytest

from nas_core.data.readers.reader import open_table
from nas_core.errors import JobError

GOOD = list(corpus.good())
BAD = list(corpus.bad())


def test_the_corpus_is_large() -> None:
    assert len({each.name for each in [*GOOD, *BAD]}) == len(GOOD) + len(BAD) >= 120


@pytest.mark.parametrize("case", GOOD, ids=lambda case: case.name)
def test_a_good_table_is_read_as_it_is(case: corpus.Good, tmp_path: Path) -> None:
    path = tmp_path / "download"  # nothing is told by the name
    path.write_bytes(case.content)
    reader = open_table(path, tmp_path / "scratch", case.asked)
    assert reader.names == list(case.table)
    for _ in range(2):
        batches = list(reader.batches())
        table = pa.Table.from_batches(batches).to_pydict() if batches else {name: [] for name in reader.names}
        assert table == case.table
    assert [b.schema.names for b in reader.batches(reader.names[-1:])] in ([], [reader.names[-1:]] * len(batches))


@pytest.mark.parametrize("case", BAD, ids=lambda case: case.name)
def test_a_bad_table_is_refused_in_words(case: corpus.Bad, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in case.limits.items():
        monkeypatch.setenv(name, value)
    path = tmp_path / "download"
    path.write_bytes(case.content)
    with pytest.raises(JobError) as caught:
        list(open_table(path, tmp_path / "scratch", case.asked).batches())
    message = str(caught.value)
    assert [word for word in case.words if word not in message] == [], message
    assert {p.name for p in tmp_path.iterdir()} <= {"download", "scratch"}  # nothing is written elsewhere
