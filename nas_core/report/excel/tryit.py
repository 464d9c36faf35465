"""Sheet *Try it*: yellow cells to fill in, and native formulas that compute what the network says."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest
from types import EllipsisType

import numpy as np
from openpyxl import Workbook
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation

from nas_core.report import words
from nas_core.report.excel.page import Page, write
from nas_core.report.facts import Facts
from nas_core.report.playable import Network, Playable, Weights
from nas_core.report.policy import steps_of
from nas_core.space.build import layer_name
from nas_core.space.steps import Add, Dropout, Keep, Matrix, Norm, Step
from nas_core.tasks.registry import load_part

NORM_EPSILON = 1e-3  # Keras' default
WORKINGS = "Workings"


def add_sheet(book: Workbook, facts: Facts, model: Playable | None) -> None:
    """Write the sheet, and a hidden one with the arithmetic; its formulas are made of addresses and numbers alone.

    Without a `model` that formulas can say, the sheet tells so.
    """
    page = Page(book, "tryit", facts.language, [44, 24, 6, 44, 18, 20])
    target = words.shorten(words.printable(facts.target), 60)
    page.title(page.sheet.title, page.say("tryit_lead", target=target) if model else "")
    if model is None:
        page.paragraph(page.say("tryit_none", n=facts.winner.parameters), wide=6, characters=140)
        return
    workings = Workings(book)
    top = page.row
    cells = _ask(page, model, workings)
    _answer(page, model, workings.model(model, cells), top)


def _ask(page: Page, model: Playable, workings: Workings) -> list[str]:
    """The yellow cells, filled in with the first test row; returns their addresses as the workings see them."""
    asked = load_part(model.task, "input", "formulas").questions(model.transforms["input"])
    page.put(page.texts["column"], "header")
    page.put(page.texts["value"], "header right", column=2)
    cells = []
    for question, value in zip(asked, model.example, strict=True):
        page.row += 1
        page.put(question.name, "text")
        cell = page.put(value, "input", column=2)
        cells.append(f"'{page.sheet.title}'!$B${page.row}")
        if question.categories:
            allowed = DataValidation(
                type="list", formula1=f"={workings.choices(question.categories)}", allow_blank=True
            )
            allowed.showErrorMessage = False  # what is not in the list is an unseen category
            page.sheet.add_data_validation(allowed)
            allowed.add(cell)
    page.row += 2
    return cells


def _answer(page: Page, model: Playable, answers: Sequence[str], top: int) -> None:
    target = load_part(model.task, "target", "formulas")
    for column, title in enumerate(("the_network_says", "now", "first_test_row"), 4):
        page.put(page.texts[title], "header" if column == 4 else "header right", row=top, column=column)
    names = target.names(model.transforms["target"])
    for row, (name, cell, expected) in enumerate(zip(names, answers, model.expected, strict=True), top + 1):
        page.put(name, "strong", row=row, column=4)
        shown = page.formula(cell, target.STYLE, row=row, column=5)
        then = page.put(expected, target.STYLE, row=row, column=6)
        shown.number_format = then.number_format


class Workings:
    """A hidden sheet that is filled column by column. Addresses that it gives are those from any sheet."""

    def __init__(self, book: Workbook) -> None:
        self.sheet = book.create_sheet(WORKINGS)
        self.sheet.sheet_state = "hidden"
        self.column = 0
        self.lists: list[str] = []
        self._matrices: dict[int, list[str]] = {}

    def _range(self, first: int, last: int) -> str:
        letter = get_column_letter(self.column)
        return f"'{WORKINGS}'!${letter}${first}:${letter}${last}"

    def choices(self, texts: Sequence[str]) -> str:
        """Write texts one below the other; their range, which is remembered."""
        self.column += 1
        for row, text in enumerate(texts, 1):
            write(self.sheet.cell(row, self.column), text, "text")
        self.lists.append(self._range(1, max(1, len(texts))))
        return self.lists[-1]

    def matrix(self, values: np.ndarray) -> list[str]:
        """Write (rows, columns) numbers; the range of each column."""
        ranges = []
        for column in values.T:
            self.column += 1
            for row, value in enumerate(column.tolist(), 1):
                self.sheet.cell(row, self.column, value)
            ranges.append(self._range(1, len(column)))
        return ranges

    def write(self, formulas: Sequence[str]) -> list[str]:
        """Write formulas one below the other; the address of each."""
        self.column += 1
        letter = get_column_letter(self.column)
        for row, formula in enumerate(formulas, 1):
            self.sheet.cell(row, self.column).value = f"={formula}"
        return [f"'{WORKINGS}'!${letter}${row}" for row in range(1, len(formulas) + 1)]

    def model(self, model: Playable, cells: Sequence[str]) -> list[str]:
        """The formula of each output: the mean of the networks', calibrated."""
        networks = [self._network(model, network, cells) for network in model.networks]
        calibrate = load_part(model.task, "target", "formulas").calibrate
        return list(calibrate(model.calibration, self.write(_means(networks))))

    def _network(self, model: Playable, network: Network, cells: Sequence[str]) -> list[str]:
        """The cells of a network's outputs: the mean of its members'."""
        stem = load_part(model.task, "input", "formulas").stem
        given = model.transforms["input"]

        def columns_of(name: str, place: int | EllipsisType) -> list[str]:
            return self.matrix(network.weights[name][0][place])

        x = self.write(stem(given, cells, self.lists, columns_of, self.write))
        return self.write(_means([self._member(model, network, number, x) for number in range(len(network.members))]))

    def _member(self, model: Playable, network: Network, number: int, x: list[str]) -> list[str]:
        factors, head = network.members[number]
        if factors is not None:
            x = self.write([f"{cell}*({factor!r})" for cell, factor in zip(x, factors.tolist(), strict=True)])
        for index, (kind, params) in enumerate(network.layers):
            x = self._layer(steps_of(kind, params, (len(x),), layer_name(index, kind)), network.weights, x)
        x = self.write(self._product(x, head))
        close = load_part(model.task, "target", "formulas").head
        return self.write(close(model.transforms["target"], x))

    def _layer(self, steps: Sequence[Step], weights: Weights, x: list[str]) -> list[str]:
        kept: list[str] = []
        for step in steps:
            match step:
                case Keep():
                    kept = x
                case Add():
                    x = self.write([f"{a}+{b}" for a, b in zip(kept, x, strict=True)])
                case Norm(name, over):
                    x = self.write(_normal(x, over, weights[name]))
                case Matrix(name, _, activation, _):
                    sums = self.write(self._product(x, weights[name]))
                    slopes = weights[f"{name}_slope"][0].ravel().tolist() if activation == "prelu" else ()
                    x = self.write(_activated(activation, sums, x, slopes)) if activation != "linear" else sums
                case Dropout():
                    pass  # in training only
        return x

    def _product(self, x: Sequence[str], weights: Sequence[np.ndarray]) -> list[str]:
        columns, along = self._matrices.get(id(weights[0])) or self.matrix(weights[0]), _span(x)
        self._matrices[id(weights[0])] = columns  # members share most of theirs
        return [
            f"SUMPRODUCT({along},{column})+({bias!r})"
            for column, bias in zip(columns, weights[1].tolist(), strict=True)
        ]


ACTIVATIONS = {
    "relu": "MAX(0,{z})",
    "prelu": "MAX(0,{z})+({slope!r})*MIN(0,{z})",
    "silu": "{z}/(1+EXP(-{z}))",
    "tanh": "TANH({z})",
    "gate": "2*{x}/(1+EXP(-{z}))",
}


def _activated(activation: str, sums: Sequence[str], x: Sequence[str], slopes: Sequence[float]) -> list[str]:
    """The activation of the `sums` that a matrix made of `x`; `slopes` are there where it learns them."""
    parts = zip_longest(sums, x if activation == "gate" else (), slopes)
    return [ACTIVATIONS[activation].format(z=z, x=own, slope=slope) for z, own, slope in parts]


def _means(several: Sequence[Sequence[str]]) -> list[str]:
    """The formula of the mean of each output."""
    return [f"AVERAGE({','.join(same)})" for same in zip(*several, strict=True)]


def _span(cells: Sequence[str]) -> str:
    """The range of cells that lie one below the other."""
    return f"{cells[0]}:{cells[-1].split('!')[1]}"


def _normal(x: Sequence[str], over: str, weights: Sequence[np.ndarray]) -> list[str]:
    scale, shift, *moments = (w.astype(np.float64) for w in weights)
    if over == "batch":
        factor = scale / np.sqrt(moments[1] + NORM_EPSILON)
        pairs = zip(x, factor.tolist(), (shift - moments[0] * factor).tolist(), strict=True)
        return [f"{cell}*({a!r})+({b!r})" for cell, a, b in pairs]
    along = _span(x)
    triples = zip(x, scale.tolist(), shift.tolist(), strict=True)
    return [f"({c}-AVERAGE({along}))/SQRT(VARP({along})+{NORM_EPSILON!r})*({a!r})+({b!r})" for c, a, b in triples]
