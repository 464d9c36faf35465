"""The workbook, read again."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from made_up_run import MakeRun
from openpyxl import Workbook, load_workbook
from openpyxl.cell import Cell
from PIL import Image

from nas_core.report.excel.page import MAX_TEXT, clean, sheet_name, write
from nas_core.report.excel.style import add_styles
from nas_core.report.excel.workbook import write_workbook
from nas_core.report.facts import read_facts
from nas_core.runs import layout
from nas_core.runs.records import read_json, write_json
from nas_core.runs.run import Run

HOSTILE = [
    '=HYPERLINK("http://example.org","click")',
    "+1+1",
    "-2+3|calc",
    "@SUM(A1)",
    "😀 naïve Ünïcode 日本",
    "two\nlines\tand a tab",
    "control \x00\x07\x1b\x0b characters",
    "_x000D_ looks like an escape",
    "x" * 40_000,
    "=1+1",
]
ADDRESS = r"\$?[A-Z]{1,2}\$?\d+"
FORMULA = re.compile(
    rf"=(INDEX\({ADDRESS}:{ADDRESS},MATCH\(LARGE\({ADDRESS}:{ADDRESS},{ADDRESS}\),{ADDRESS}:{ADDRESS},0\)\)"
    rf"|({ADDRESS}\*{ADDRESS}\+?)+-ROW\(\)/1000000000)"
)
SHEETS = ["Summary", "Data", "Candidates", "Choose", "Network", "Training", "Test", "Try it", "Export", "Reproduce"]
LATIN = re.compile(r"\b[A-Za-z]{3,}\b")


def write_report(run: Run, pictures: dict[str, Path] | None = None) -> Path:
    path = run.path("report/report.xlsx")
    write_workbook(read_facts(run), path, pictures or {})
    return path


def cells_of(book: Any) -> list[Cell]:
    return [cell for sheet in book for row in sheet.iter_rows() for cell in row if cell.value is not None]


@pytest.mark.parametrize("kind", ["labels", "values"])
@pytest.mark.parametrize("n_candidates", [3, 200])
def test_sheets_hold_what_the_run_holds(make_run: MakeRun, kind: str, n_candidates: int) -> None:
    book = load_workbook(write_report(make_run(kind, n_candidates)))
    assert book.sheetnames == SHEETS
    candidates = book["Candidates"]
    numbers = [cell.value for cell in candidates["A"] if isinstance(cell.value, int)]
    assert numbers == list(range(1, n_candidates + 1))
    assert candidates.auto_filter.ref and candidates.freeze_panes and candidates.print_title_rows
    assert len(book["Training"]._charts) >= 2
    assert len(book["Test"]._charts) >= 2
    assert all(sheet.page_setup.orientation == "landscape" for sheet in book)


def test_shares_of_missing_values_are_of_the_rows_that_were_profiled(make_run: MakeRun) -> None:
    run = make_run("labels", 3)
    schema = read_json(run.path(layout.SCHEMA))
    write_json(run.path(layout.SCHEMA), schema | {"n_rows": schema["n_rows"] | {"test": 10_000}})  # a file of its own
    sheet = load_workbook(write_report(run))["Data"]
    (row,) = [row for row in sheet.iter_rows(values_only=True) if row[:2] == ("hospital", "feature")]
    assert row[3:5] == (3, pytest.approx(3 / 569))


def test_pictures_are_in_the_summary(make_run: MakeRun, tmp_path: Path) -> None:
    Image.new("RGB", (1280, 720)).save(tmp_path / "a.png")
    book = load_workbook(
        write_report(make_run("labels", 3), {"search": tmp_path / "a.png", "winner": tmp_path / "a.png"})
    )
    assert len(book["Summary"]._images) == 2


@pytest.mark.parametrize("kind", ["labels", "values"])
def test_hostile_texts_stay_texts(make_run: MakeRun, kind: str) -> None:
    book = load_workbook(write_report(make_run(kind, 20, texts=HOSTILE)))
    cells = cells_of(book)
    formulas = {str(cell.value) for cell in cells if cell.data_type == "f"}
    assert all(FORMULA.fullmatch(formula) for formula in formulas)
    assert not [c.coordinate for c in cells if c.data_type == "f" and c.parent.title != "Choose"]
    texts = {str(cell.value) for cell in cells}
    assert {HOSTILE[0], HOSTILE[4], HOSTILE[5]} <= texts
    assert max(map(len, texts)) <= MAX_TEXT


@pytest.mark.parametrize("text", HOSTILE)
def test_a_cell_takes_any_text(tmp_path: Path, text: str) -> None:
    book = Workbook()
    add_styles(book)
    write(book.active.cell(1, 1), text, "text")
    book.save(tmp_path / "one.xlsx")
    cell = load_workbook(tmp_path / "one.xlsx").active.cell(1, 1)
    assert cell.data_type == "s"
    assert cell.value == clean(text)


def test_cut_texts_count_as_a_spreadsheet_counts() -> None:
    assert len(clean("x" * MAX_TEXT)) == MAX_TEXT
    assert len(clean("😀" * 20_000).encode("utf-16-le")) // 2 <= MAX_TEXT
    assert clean("_x000D_ x_y") == "_x005F_x000D_ x_y"


def test_names_of_sheets() -> None:
    assert sheet_name("a/b:c" * 20) == ("a b c" * 20)[:31]
    assert sheet_name("''") == "Sheet"


def in_an_office(path: Path, folder: Path) -> Path:
    """The workbook as LibreOffice saves it, every formula computed."""
    home = f"-env:UserInstallation=file://{folder}/office"
    kind = "xlsx:Calc MS Excel 2007 XML"
    order = ["soffice", home, "--headless", "--convert-to", kind, "--outdir", str(folder / "out"), str(path)]
    subprocess.run(order, check=True, capture_output=True, timeout=180)
    return folder / "out" / path.name


office = pytest.mark.skipif(shutil.which("soffice") is None, reason="LibreOffice (soffice) is not installed")


@pytest.mark.slow
@office
@pytest.mark.parametrize("weights", [(100, 0, 0), (0, 100, 0), (50, 25, 25)])
def test_the_list_is_ranked_anew_by_the_readers_weights(
    make_run: MakeRun, tmp_path: Path, weights: tuple[int, int, int]
) -> None:
    path = write_report(make_run("labels", 40))
    book = load_workbook(path)
    cells = [row[2] for row in book["Choose"].iter_rows(max_row=10) if row[2].style == "nas input"]
    for cell, weight in zip(cells, weights, strict=True):
        cell.value = weight
    book.save(path)
    sheet = load_workbook(in_an_office(path, tmp_path), data_only=True)["Choose"]
    rows = list(sheet.iter_rows(values_only=True))
    header = next(place for place, row in enumerate(rows) if row[0] == "Rank")
    ranked = [row[5] for row in rows[header + 1 : header + 21]]
    first = rows[header].index("Number", 6)
    worth = {
        row[first]: sum(w * share for w, share in zip(weights, row[first + 5 : first + 8], strict=True))
        for row in rows[header + 1 :]
        if row[first] is not None
    }
    assert ranked == sorted(worth, key=lambda number: -worth[number])[:20]


@pytest.mark.slow
@office
@pytest.mark.parametrize("texts", [None, HOSTILE])
def test_an_office_opens_it_and_keeps_every_text(make_run: MakeRun, tmp_path: Path, texts: list[str] | None) -> None:
    path = write_report(make_run("labels", 20, texts=texts))
    opened = in_an_office(path, tmp_path)
    ours, theirs = load_workbook(path), load_workbook(opened)
    assert theirs.sheetnames == SHEETS
    assert not [cell.coordinate for cell in cells_of(theirs) if cell.data_type == "e"]
    assert {cell.parent.title for cell in cells_of(theirs) if cell.data_type == "f"} == {"Choose"}
    for sheet in ("Summary", "Candidates", "Choose", "Network"):
        for cell in (cell for row in ours[sheet].iter_rows() for cell in row if isinstance(cell.value, int | float)):
            assert theirs[sheet][cell.coordinate].value == pytest.approx(cell.value)


@pytest.mark.parametrize("kind", ["labels", "values"])
def test_a_workbook_in_russian_has_no_english_sentence(make_run: MakeRun, kind: str) -> None:
    run = make_run(kind, 30, language="ru")
    write_json(run.path(layout.CHECKS), [])  # those that are made up are nobody's
    book = load_workbook(write_report(run))
    texts = {str(cell.value) for cell in cells_of(book) if cell.data_type == "s" and not cell.style.endswith("code")}
    given = ("dense", "memory", "SIGSEGV", "/", "every row")  # layers, errors, paths and what stands in the data
    english = [text for text in texts if len(LATIN.findall(text)) > 3 and not any(word in text for word in given)]
    assert not [text for text in english if not re.search("[а-яё]", text)]
