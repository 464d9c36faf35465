"""The sheets of a run whose rows are pictures."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from made_up_run import MakeRun
from openpyxl import load_workbook
from PIL import Image

from nas_core.inputs.image import augment
from nas_core.report.contact_sheet import ACROSS, LINE, MARGIN, SIDE, Tile, draw_sheet
from nas_core.report.excel.workbook import write_workbook
from nas_core.report.facts import Facts, read_facts
from nas_core.report.html.page import write_page
from nas_core.report.pictures import N_CHANGED, N_CHANGES, N_EXAMPLES, write_sheets
from nas_core.report.rows import MistakeFacts
from nas_core.runs import layout
from nas_core.runs.records import read_json, write_json
from nas_core.runs.run import Run

N = 40


@pytest.fixture
def pictured(make_run: MakeRun) -> tuple[Run, Facts]:
    """A run whose rows became pictures afterwards."""
    run = make_run("labels", 5)
    arrays, rng = run.path(layout.ARRAYS), np.random.default_rng(0)
    for part in ("train", "test"):
        np.save(arrays / f"{part}_image.npy", rng.integers(0, 255, (N, 10, 5, 3)).astype(np.uint8))
    np.save(arrays / "train_target.npy", np.arange(N) % 2)
    transforms = read_json(run.path(layout.TRANSFORMS))
    transforms["input"] = {"augment": augment.NOTHING | augment.STRONG | {"flips": [augment.LEFT_RIGHT]}}
    write_json(run.path(layout.TRANSFORMS), transforms)
    maps = np.zeros((4, 5, 5), np.uint8)
    maps[:, 2, 2] = 255
    np.savez(run.path(layout.ATTENTION), rows=[7, 3, 1, 2], is_wrong=[True, True, False, False], maps=maps)
    facts = replace(read_facts(run), task="image_classification")
    wrong = MistakeFacts(("row", "truth", "prediction", "how wrong"), ((7, "=cat", "дом", 0.9), (3, "a", "b", 0.8)))
    return run, replace(facts, test=replace(facts.test, mistakes=wrong))


def test_a_sheet_has_its_pictures_in_rows(tmp_path: Path) -> None:
    tiles = [Tile(np.full((10, 5, 3), (200, 30, 60), np.uint8), ("is a", "taken for b"))] * 6
    draw_sheet(tiles, tmp_path / "sheet.png")
    with Image.open(tmp_path / "sheet.png") as sheet:
        assert sheet.size == (ACROSS * (SIDE + MARGIN) + MARGIN, 2 * (SIDE + 2 * LINE + MARGIN) + MARGIN)
        assert sheet.getpixel((MARGIN + SIDE // 2, MARGIN + 5)) == (200, 30, 60)


def test_where_the_network_looked_is_in_colour(tmp_path: Path) -> None:
    places = np.array([[0, 0], [0, 255]], np.uint8)
    draw_sheet([Tile(np.full((8, 8, 1), 90, np.uint8), places=places)], tmp_path / "sheet.png")
    with Image.open(tmp_path / "sheet.png") as sheet:
        red, green, blue = sheet.getpixel((MARGIN + SIDE - 3, MARGIN + SIDE - 3))
        assert red > green > blue
        assert sheet.getpixel((MARGIN + 3, MARGIN + 3)) == (90, 90, 90)


def test_each_sheet_shows_what_it_is_for(pictured: tuple[Run, Facts]) -> None:
    run, facts = pictured
    sheets = {sheet.name: sheet.path for sheet in write_sheets(run, facts, run.path(layout.FIGURES))}
    across = {"mistakes": 5, "attention": 6, "examples": N_EXAMPLES, "augmentation": 1 + N_CHANGES}
    assert sheets.keys() == across.keys()
    for name, path in sheets.items():
        with Image.open(path) as image:
            assert image.width == across[name] * (SIDE + MARGIN) + MARGIN
    with Image.open(sheets["augmentation"]) as image:
        assert image.height > N_CHANGED * (SIDE + 5 * LINE)


def test_workbook_and_page_have_the_sheets(pictured: tuple[Run, Facts], tmp_path: Path) -> None:
    run, facts = pictured
    sheets = write_sheets(run, facts, run.path(layout.FIGURES))
    write_workbook(facts, tmp_path / "report.xlsx", {}, None, sheets)
    book = load_workbook(tmp_path / "report.xlsx")
    assert len(book["Pictures"]._images) == len(sheets)
    write_page(facts, tmp_path / "report.html", sheets)
    assert (tmp_path / "report.html").read_text("utf-8").count("data:image/jpeg;base64,") == len(sheets)


def test_rows_of_a_table_and_those_that_may_not_be_shown_have_none(pictured: tuple[Run, Facts]) -> None:
    run, facts = pictured
    hidden = replace(facts, job=facts.job | {"show_rows": False})
    assert write_sheets(run, hidden, run.path(layout.FIGURES)) == ()
    for part in ("train", "test"):
        (run.path(layout.ARRAYS) / f"{part}_image.npy").unlink()
    assert write_sheets(run, facts, run.path(layout.FIGURES)) == ()
