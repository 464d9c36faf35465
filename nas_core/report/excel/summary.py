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
SHOWN_METRICS = 3
CHARACTERS = 72  # in a line over the left half
PICTURE = (576, 324)
VERDICTS = {"better": "better", "equal": "the same", "unproven": "not proven", "worse": "worse"}


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
    _next(page, facts)
    _files(page, facts)
    for name in ("search", "winner"):
        if name in pictures:
            _picture(page, pictures[name], top)
            top = _row_below(page, top, PICTURE[1] + 16)
    page.sheet.page_setup.fitToHeight = 1


def _band(page: Page, facts: Facts) -> None:
    outcomes = [verdict.outcome for verdict in facts.test.verdicts if verdict.rival != "random"]
    worst = next((outcome for outcome in ("worse", "equal", "unproven", "better") if outcome in outcomes), "equal")
    page.put(facts.headline, f"band {OUTCOMES[worst]}", wide=WIDE)
    page.sheet.row_dimensions[page.row].height = 20 * lines_of(facts.headline, 125) + 10
    page.row += 2


def _cards(page: Page, facts: Facts) -> None:
    n, failed = facts.search.n_candidates, facts.search.n_failed
    unit = f" ({facts.metric.unit})" if facts.metric.unit else ""
    direction = "higher is better" if facts.metric.higher_is_better else "lower is better"
    n_test = facts.data.n_rows.get("test", 0)
    copies = f", {facts.winner.n_copies} times" if facts.winner.n_copies > 1 else ""
    copies += f", and {words.count(len(facts.winner.others), 'other network')}" if facts.winner.others else ""
    cards = [
        (f"{facts.metric.title}{unit}", words.number(facts.test.value), f"{n_test:,} test rows; {direction}"),
        (
            "Time in all",
            words.duration(facts.seconds["total"]),
            f"{words.duration(facts.search.seconds)} of it searching",
        ),
        ("Networks tried", f"{n:,}", f"{facts.search.n_distinct:,} different; {failed:,} failed"),
        (
            "The winner's size",
            f"{facts.winner.parameters:,}",
            f"parameters in {len(facts.winner.layers)} layers{copies}",
        ),
    ]
    for place, card in enumerate(cards):
        for below, (text, style) in enumerate(zip(card, ("card label", "card value", "card note"), strict=True)):
            page.put(text, style, row=page.row + below, column=1 + 4 * place, wide=3)
    for below, height in enumerate((20, 34, 20)):
        page.sheet.row_dimensions[page.row + below].height = height
    page.row += 4


def _comparison(page: Page, facts: Facts) -> None:
    page.heading("Beside simpler ways")
    names = [facts.metric.name, *(name for name in facts.test.figures if name != facts.metric.name)][:SHOWN_METRICS]
    titles = [facts.metrics[name].title if name in facts.metrics else name for name in names]
    page.put("", "header", wide=3)
    for place, title in enumerate(titles):
        page.put(title, "header right", column=4 + place)
    page.put("Verdict", "header", column=4 + len(names), wide=LEFT - 3 - len(names))
    page.row += 1
    for title, figures, outcome in compared(facts):
        page.put(title, "text" if outcome else "strong", wide=3)
        for place, name in enumerate(names):
            page.put(figures.get(name), "number", column=4 + place)
        style = OUTCOMES[outcome] if outcome else "text"
        page.put(VERDICTS.get(outcome), style, column=4 + len(names), wide=LEFT - 3 - len(names))
        page.row += 1
    page.row += 1
    for verdict in facts.test.verdicts:
        page.paragraph(verdict.text, wide=LEFT, characters=CHARACTERS)
    page.row += 1


def compared(facts: Facts) -> list[tuple[str, Mapping[str, float | None], str]]:
    """The network, then each rival with its figures and whether the network is better, equal or worse."""
    test = facts.test
    figures = dict(test.baselines) | ({"random": test.random["test"]} if test.random else {})
    rivals = [(verdict.title, figures[verdict.rival], verdict.outcome) for verdict in test.verdicts]
    return [("the network", test.figures, ""), *rivals]


def _notes(page: Page, facts: Facts) -> None:
    page.heading("What to watch out for")
    shown = facts.notes[:6]
    for note in shown or ("Nothing: no check found a problem, and the network beats the simpler ways.",):
        page.paragraph(f"•  {words.shorten(words.printable(note), 240)}", wide=LEFT, characters=CHARACTERS)
    if len(facts.notes) > len(shown):
        page.paragraph(f"… and {len(facts.notes) - len(shown)} more; see the sheet Data.", wide=LEFT)
    page.row += 1


def _next(page: Page, facts: Facts) -> None:
    page.heading("What to do next")
    for step in facts.next:
        page.paragraph(f"•  {step}", wide=LEFT, characters=CHARACTERS)
    page.row += 1


def _files(page: Page, facts: Facts) -> None:
    page.heading("Where things are")
    where = [
        ("the run", facts.address),
        ("the model", "export/ (how to use it: MODEL_CARD.md)"),
        ("the report as a page", "report/report.html"),
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
