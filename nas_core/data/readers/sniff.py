"""How a text of separated values is written: delimiter, quotes, lines before the table, names or none."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from dataclasses import dataclass

from nas_core.data.cells import NUMBER
from nas_core.data.readers.dialect import Dialect
from nas_core.errors import JobError

USUAL = ",;\t|"
RARE = "\x1f\x01^~:"  # looked at when no usual one parts the lines
ROWS = 200
CLEAN = re.compile(r"[^,;\t|]*|[+-]?\d+,\d+|[+-]?\d{1,3}(\.\d{3})*,\d+")
NUMERAL = re.compile(rf"{NUMBER}|^[+-]?\d{{1,3}}([. ]\d{{3}})*(,\d+)?$|^\d+[-./]\d+[-./]\d+([T ].*)?$")
YEAR = re.compile(r"(19|20)\d\d")  # numbers that name columns


@dataclass(frozen=True)
class Sample:
    """The first rows below what stands before the table; `names` when the first line holds them."""

    dialect: Dialect
    rows: list[list[str]]
    names: list[str]


def sniff(text: str, asked: Dialect, *, is_whole: bool) -> Sample:
    """Tell from the first part of a file what `asked` leaves open.

    Raises:
        JobError: the delimiter asked for is no single character, or there is no row.
    """
    lines = _lines(text, is_whole=is_whole)
    for name in ("delimiter", "quote"):
        given = getattr(asked, name) or "."
        if len(given) != 1 or not given.isascii():
            raise JobError(f"needs a `{name}` of one ASCII character, but got {given!r}.")
    quote = asked.quote or _quote(lines)
    escape = _escape(lines, asked.delimiter or "")
    told = re.match(r"sep=([\t !#-~])\r?\n", lines)  # how Excel is told
    delimiter = asked.delimiter or (told[1] if told else _delimiter(lines, quote, escape))
    numbered = _parse(lines, delimiter, quote, escape)
    skip = asked.skip_rows if asked.skip_rows is not None else _preamble(numbered)
    rows = [row for line, row in numbered if line > skip and row]
    if not rows:
        raise JobError("must hold rows, but there is none: check the export that wrote it.")
    header = asked.header if asked.header is not None else has_header(rows)
    names = _names(rows, header=header)
    found = Dialect("csv", asked.encoding, delimiter, quote, escape, header=header, skip_rows=skip)
    return Sample(found, rows[1:] if header else rows, names)


def _lines(text: str, *, is_whole: bool) -> str:
    """`text` without a last line that is cut."""
    end = max(text.rfind("\n"), text.rfind("\r"))
    return text if is_whole or end < 0 else text[: end + 1]


def _parse(lines: str, delimiter: str, quote: str, escape: str | None) -> list[tuple[int, list[str]]]:
    """Rows, each with the number of the line that it ends on."""
    reader = csv.reader(
        io.StringIO(lines, newline=""), delimiter=delimiter, quotechar=quote, escapechar=escape, doublequote=True
    )
    rows: list[tuple[int, list[str]]] = []
    try:
        for row in reader:
            rows.append((reader.line_num, row))
            if len(rows) >= ROWS:
                break
    except csv.Error:  # a cell beyond csv's own limit: what came before will do
        pass
    return rows


def _quote(lines: str) -> str:
    """The apostrophe when cells stand in it and none in double quotes."""
    return "'" if '"' not in lines and len(re.findall(r"(?:^|[,;\t|])'[^'\n]*'(?=[,;\t|\r\n])", lines)) > 3 else '"'


def _escape(lines: str, delimiter: str) -> str | None:
    """A backslash where one stands before a quote inside a cell; before the quote that ends a cell it is a letter."""
    is_inside = re.search(rf'\\"(?![{re.escape(USUAL + delimiter)}\r\n]|\Z)', lines)
    return "\\" if is_inside and '""' not in lines.replace('\\""', "") else None


def _delimiter(lines: str, quote: str, escape: str | None) -> str:
    """The separator that parts most rows into one number of clean cells; a comma when there is none."""
    scores = {mark: _score(lines, mark, quote, escape) for mark in USUAL}
    best = max(USUAL, key=lambda mark: scores[mark])
    if scores[best][1] > 1:
        return best
    for mark in RARE:
        share, n_cells = _score(lines, mark, quote, escape)
        is_time = mark == ":" and (n_cells < 3 or any(map(str.isdigit, lines.splitlines()[0])))
        if share > 0.99 and n_cells > 1 and not is_time:
            return mark
    return ","


def _score(lines: str, mark: str, quote: str, escape: str | None) -> tuple[float, int]:
    """How much of the text this separator explains, in steps of a fifth, and the cells a row."""
    rows = [row for _, row in _parse(lines, mark, quote, escape) if row]
    n_cells, n_rows = Counter(map(len, rows)).most_common(1)[0] if rows else (1, 0)
    if n_cells < 2:
        return 0.0, 1
    cells = [cell for row in rows if len(row) == n_cells for cell in row]
    marks = USUAL.replace(mark, "")
    n_clean = sum(not any(m in cell for m in marks) or bool(CLEAN.fullmatch(cell)) or " " in cell for cell in cells)
    return round(5 * n_rows / len(rows) * n_clean / len(cells)) / 5, n_cells


def _preamble(rows: list[tuple[int, list[str]]]) -> int:
    """Lines before the table: a title, comments, `sep=;`. They have fewer cells than nearly all rows after them."""
    filled = [len(row) for _, row in rows if row]
    if len(filled) < 3:
        return 0
    usual, n_usual = Counter(filled).most_common(1)[0]
    widths = (usual, usual - 1) if usual > 2 else (usual,)  # a header may lack a name for the first column
    first = next((n for n, (_, row) in enumerate(rows) if len(row) in widths and _is_full(row)), 0)
    above = [row for _, row in rows[:first] if _is_full(row)]
    is_table_below = usual > 1 and n_usual >= 0.6 * len(filled) and all(len(row) <= max(1, usual // 2) for row in above)
    return rows[first - 1][0] if first and is_table_below else 0


def _is_full(row: list[str]) -> bool:
    return sum(bool(cell.strip()) for cell in row) > 0.5 * len(row)


def has_header(rows: list[list[str]]) -> bool:
    """Whether the first row names the columns: it is words where numbers follow, or at least no row like the others."""
    first, rest = rows[0], rows[1:]
    votes = 0
    for place, cell in enumerate(first):
        below = [row[place].strip() for row in rest if place < len(row) and row[place].strip()]
        if not below or not cell.strip():
            continue
        is_number = bool(NUMERAL.match(cell.strip()))
        share = sum(bool(NUMERAL.match(text)) for text in below) / len(below)
        if share > 0.9:
            votes += 2 if not is_number else 0 if YEAR.fullmatch(cell.strip()) else -1
        elif cell.strip() in below:
            votes -= 1
    return votes >= 0


def _names(rows: list[list[str]], *, header: bool) -> list[str]:
    """The first row's cells when it is a header; one name less than cells means that the first column has none."""
    width = Counter(map(len, rows[1:] if header and len(rows) > 1 else rows)).most_common(1)[0][0]
    if not header:
        return [f"column {number}" for number in range(1, width + 1)]
    names = rows[0]
    if width == len(names) + 1:
        ends_empty = all(not row[-1].strip() for row in rows[1:] if len(row) == width)
        return [*names, ""] if ends_empty else ["", *names]
    return names
