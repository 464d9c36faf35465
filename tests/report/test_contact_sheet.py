"""The sheet of the pictures that were most wrong."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from made_up_run import MakeRun
from PIL import Image

from nas_core.report.contact_sheet import ACROSS, LINE, MARGIN, SIDE, write_contact_sheet
from nas_core.report.facts import read_facts
from nas_core.report.rows import MistakeFacts
from nas_core.runs import layout


def test_the_sheet_shows_the_pictures_that_were_wrong(make_run: MakeRun) -> None:
    run = make_run("labels", 5)
    pictures = np.full((40, 10, 5, 3), 120, np.uint8)
    pictures[7] = (200, 30, 60)
    np.save(run.path(layout.ARRAYS) / "test_image.npy", pictures)
    columns = ("row", "truth", "prediction", "how wrong")
    wrong = MistakeFacts(columns, tuple((row, "=cat", "дом", 0.9) for row in (7, 3, 11, 12, 30, 39)))
    facts = read_facts(run)
    facts = replace(facts, test=replace(facts.test, mistakes=wrong))
    with Image.open(write_contact_sheet(run, facts, run.path(layout.FIGURES))["mistakes"]) as sheet:
        assert sheet.size == (ACROSS * (SIDE + MARGIN) + MARGIN, 2 * (SIDE + 2 * LINE + MARGIN) + MARGIN)
        assert sheet.getpixel((MARGIN + SIDE // 2, MARGIN + 5)) == (200, 30, 60)
        assert sheet.getpixel((2 * MARGIN + SIDE + SIDE // 2, MARGIN + 5)) == (120, 120, 120)


def test_rows_of_a_table_have_no_sheet(make_run: MakeRun) -> None:
    run = make_run("labels", 5)
    assert write_contact_sheet(run, read_facts(run), run.path(layout.FIGURES)) == {}
