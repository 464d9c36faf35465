"""Sheet *Summary*: what a manager reads in one minute."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from openpyxl import Workbook
from openpyxl.drawing.image import Image

from nas_core.report import words
from nas_core.report.excel.page import Page, lines_of
from nas_core.report.excel.style import OUTCOMES
from nas_core.report.facts import Facts

WIDE = 15  # columns, all of one width, as a grid to lay things out on
LEFT = 7
CHARACTERS = 66  # in a line over the left half
PICTURE = (576, 324)


def add_sheet(book: Workbook, facts: Facts, pictures: Mapping[str, Path]) -> None:
    """Write the sheet; of `pictures`, ``search`` and ``winner`` stand on the right."""
    page = Page(book, "Summary", [11.0] * WIDE)
    subtitle = f"{facts.task_title}  ·  {facts.dataset}  ·  job {facts.name}  ·  {facts.stages[0].started[:10]}"
    page.title(words.shorten(f"A network that predicts {words.printable(facts.target)}", 60), words.printable(subtitle))
    _band(page, facts)
    _cards(page, facts)
    top = page.row
    _comparison(page, facts)
    _notes(page, facts)
    _files(page, facts)
    for name in ("search", "winner"):
        if name in pictures:
            _picture(page, pictures[name], top)
            top = _row_below(page, top, PICTURE[1] + 16)
    page.sheet.page_setup.fitToHeight = 1


def _band(page: Page, facts: Facts) -> None:
    outcomes = [verdict.outcome for verdict in facts.test.verdicts if verdict.rival != "random"]
    worst = next((outcome for outcome in ("worse", "equal", "better") if outcome in outcomes), "equal")
    page.put(facts.headline, f"band {OUTCOMES[worst]}", wide=WIDE)
    page.sheet.row_dimensions[page.row].height = 20 * lines_of(facts.headline, 125) + 10
    page.row += 2


def _cards(page: Page, facts: Facts) -> None:
    n, failed = facts.search.n_candidates, facts.search.n_failed
    unit = f" ({facts.metric.unit})" if facts.metric.unit else ""
    direction = "higher is better" if facts.metric.higher_is_better else "lower is better"
    n_test = facts.data.n_rows.get("test", 0)
    cards = [
        (f"{facts.metric.title}{unit}", words.number(facts.test.value), f"{n_test:,} test rows; {direction}"),
        (
            "Time in all",
            words.duration(facts.seconds["total"]),
            f"{words.duration(facts.search.seconds)} of it searching",
        ),
        ("Networks tried", f"{n:,}", f"{facts.search.n_distinct:,} different; {failed:,} failed"),
        ("The winner's size", f"{facts.winner.parameters:,}", f"parameters in {len(facts.winner.layers)} layers"),
    ]
    for place, card in enumerate(cards):
        for below, (text, style) in enumerate(zip(card, ("card label", "card value", "card note"), strict=True)):
            page.put(text, style, row=page.row + below, column=1 + 4 * place, wide=3)
    for below, height in enumerate((20, 34, 20)):
        page.sheet.row_dimensions[page.row + below].height = height
    page.row += 4


def _comparison(page: Page, facts: Facts) -> None:
    page.heading("Beside simpler ways")
    for column, (title, wide) in {1: ("", 3), 4: (facts.metric.title, 2), 6: ("The network is", 2)}.items():
        page.put(title, "header right" if column == 4 else "header", column=column, wide=wide)
    page.row += 1
    rows = [("the network", facts.test.value, "", "strong")]
    rows += [(v.title, v.value, v.outcome, OUTCOMES[v.outcome]) for v in facts.test.verdicts]
    for title, value, outcome, style in rows:
        page.put(title, "strong" if style == "strong" else "text", wide=3)
        page.put(value, "number", column=4, wide=2)
        page.put(outcome, style, column=6, wide=2)
        page.row += 1
    page.row += 1


def _notes(page: Page, facts: Facts) -> None:
    page.heading("What to watch out for")
    shown = facts.notes[:8]
    for note in shown or ("Nothing: no check found a problem, and the network beats the simpler ways.",):
        page.paragraph(f"•  {words.shorten(words.printable(note), 240)}", wide=LEFT, characters=CHARACTERS)
    if len(facts.notes) > len(shown):
        page.paragraph(f"… and {len(facts.notes) - len(shown)} more; see the sheet Data.", wide=LEFT)
    page.row += 1


def _files(page: Page, facts: Facts) -> None:
    page.heading("Where things are")
    where = [
        ("the run", facts.address),
        ("the model", "export/ (how to use it: MODEL_CARD.md)"),
        ("the film of the search", "report/learning.mp4, learning.gif"),
        ("a copy", facts.job.get("destination")),
    ]
    for name, place in where:
        if place:
            page.put(name, "name", wide=2)
            page.put(place, "wrapped", column=3, wide=LEFT - 2)
            page.sheet.row_dimensions[page.row].height = 15.5 * lines_of(str(place), 46)
            page.row += 1


def _row_below(page: Page, row: int, pixels: int) -> int:
    """The first row that begins at least so many pixels below the top of `row`."""
    left = pixels * 0.75  # points
    while left > 0:
        left -= page.sheet.row_dimensions[row].height or page.ROW_HEIGHT
        row += 1
    return row


def _picture(page: Page, path: Path, row: int) -> None:
    image = Image(path)
    image.width, image.height = PICTURE
    page.sheet.add_image(image, f"I{row}")
