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
from nas_core.report.texts.page import page_texts

WIDE = 15  # columns, all of one width, as a grid to lay things out on
LEFT = 7
SHOWN_METRICS = 3
CHARACTERS = 72  # in a line over the left half
PICTURE = (576, 324)


def add_sheet(book: Workbook, facts: Facts, pictures: Mapping[str, Path]) -> None:
    """Write the sheet; of `pictures`, ``search`` and ``winner`` stand on the right."""
    page = Page(book, "summary", facts.language, [11.0] * WIDE)
    day = words.day(facts.stages[0].started, facts.language)
    subtitle = page.say("subtitle", task=facts.task_title, dataset=facts.dataset, name=facts.name, date=day)
    page.title(words.shorten(page.say("title", target=words.printable(facts.target)), 60), words.printable(subtitle))
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
    texts, winner, language = page.texts, facts.winner, facts.language
    direction = texts["higher" if facts.metric.higher_is_better else "lower"]
    n_test, searching = facts.data.n_rows.get("test", 0), words.duration(facts.search.seconds, language)
    size = page.say("size_note", n=len(winner.layers))
    size += page.say("size_times", n=winner.n_copies) if winner.n_copies > 1 else ""
    size += page.say("size_others", n=len(winner.others)) if winner.others else ""
    different = page.say("different_failed", n=facts.search.n_distinct, failed=failed)
    rows = page.say("rows_and_direction", n=n_test, direction=direction)
    cards = [
        (f"{facts.metric.title}{unit}", words.number(facts.test.value, language), rows),
        (
            texts["time_in_all"],
            words.duration(facts.seconds["total"], language),
            page.say("of_it_searching", time=searching),
        ),
        (texts["networks_tried"], page.whole(n), different),
        (texts["winners_size"], page.whole(winner.parameters), size),
    ]
    for place, card in enumerate(cards):
        for below, (text, style) in enumerate(zip(card, ("card label", "card value", "card note"), strict=True)):
            page.put(text, style, row=page.row + below, column=1 + 4 * place, wide=3)
    for below, height in enumerate((20, 34, 20)):
        page.sheet.row_dimensions[page.row + below].height = height
    page.row += 4


def _comparison(page: Page, facts: Facts) -> None:
    page.heading(page.texts["beside"])
    names = [facts.metric.name, *(name for name in facts.test.figures if name != facts.metric.name)][:SHOWN_METRICS]
    titles = [facts.metrics[name].title if name in facts.metrics else name for name in names]
    page.put("", "header", wide=3)
    for place, title in enumerate(titles):
        page.put(title, "header right", column=4 + place)
    page.put(page.texts["verdict"], "header", column=4 + len(names), wide=LEFT - 3 - len(names))
    page.row += 1
    for title, figures, outcome in compared(facts):
        page.put(title, "text" if outcome else "strong", wide=3)
        for place, name in enumerate(names):
            page.put(figures.get(name), "number", column=4 + place)
        style = OUTCOMES[outcome] if outcome else "text"
        page.put(page.texts.get(f"outcome_{outcome}"), style, column=4 + len(names), wide=LEFT - 3 - len(names))
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
    return [(page_texts(facts.language)["the_network"], test.figures, ""), *rivals]


def _notes(page: Page, facts: Facts) -> None:
    page.heading(page.texts["watch_out"])
    shown = facts.notes[:6]
    for note in shown or (page.texts["no_notes"],):
        page.paragraph(f"•  {words.shorten(words.printable(note), 240)}", wide=LEFT, characters=CHARACTERS)
    if len(facts.notes) > len(shown):
        more = page.say("more_notes", n=len(facts.notes) - len(shown), sheet=page.texts["sheet_data"])
        page.paragraph(more, wide=LEFT)
    page.row += 1


def _next(page: Page, facts: Facts) -> None:
    page.heading(page.texts["what_next"])
    for step in facts.next:
        page.paragraph(f"•  {step}", wide=LEFT, characters=CHARACTERS)
    page.row += 1


def _files(page: Page, facts: Facts) -> None:
    page.heading(page.texts["where_things_are"])
    where = [
        ("where_run", facts.address),
        ("where_model", page.texts["where_model_is"]),
        ("where_page", "report/report.html"),
        ("where_film", "report/learning.mp4, learning.gif"),
        ("where_copy", facts.job.get("destination")),
    ]
    for name, place in where:
        if place:
            page.put(page.texts[name], "name", wide=2)
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
