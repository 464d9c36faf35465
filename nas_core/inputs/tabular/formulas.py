"""The stem as spreadsheet formulas: from the cells that a person fills in to the vector that the trunk begins with."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from nas_core.inputs.tabular.bins import embedded
from nas_core.inputs.tabular.stem import CLIP, NUMBERS, tables
from nas_core.inputs.tabular.transform import MISSING, UNSEEN
from nas_core.inputs.tabular.waves import places

Write = Callable[[Sequence[str]], list[str]]  # puts formulas into cells one below the other; gives their addresses


@dataclass(frozen=True)
class Question:
    """A cell to fill in: its `name`, and the `categories` it chooses from (None: a number)."""

    name: str
    categories: tuple[str, ...] | None = None


def questions(transform: dict[str, Any]) -> list[Question]:
    """What a person has to fill in: the numbers, then the categories."""
    asked = [Question(name) for name in _numbers(transform)]
    by_name = {entry["name"]: entry for entry in transform["columns"]}
    chosen = transform["categorical"]["names"]
    return asked + [Question(name, tuple(by_name[name]["categories"])) for name in chosen]


def answers(transform: dict[str, Any], inputs: dict[str, np.ndarray]) -> list[float | str | None]:
    """What fills in the questions for the first row of `inputs`, the arrays of a split; None where it is missing."""
    n, names = len(_numbers(transform)), transform["numeric"]["names"]
    place = {name: float(f"{x:.7g}") for name, x in zip(names, inputs["numeric"][0].tolist(), strict=True)}  # float32
    given: list[float | str | None] = []
    for entry in transform["columns"]:
        is_missing = bool(entry.get("indicator")) and place[entry["indicator"]] == 1
        given += [None if is_missing else place[name] for name in entry.get("numbers", ())]
    for question, code in zip(questions(transform)[n:], inputs["categorical"][0].tolist(), strict=True):
        known = question.categories or ()
        given.append(known[code - 2] if code >= 2 else None)
    return given


def _numbers(transform: dict[str, Any]) -> list[str]:
    return [name for entry in transform["columns"] for name in entry.get("numbers", ())]


def stem(
    transform: dict[str, Any],
    cells: Sequence[str],
    lists: Sequence[str],
    columns_of: Callable[[str, Any], list[str]],
    write: Write,
) -> list[str]:
    """The formulas of the vector that the trunk begins with.

    Args:
        transform: the input's.
        cells: the address of each question's cell.
        lists: the range of each list of categories, for the questions that have one.
        columns_of: the ranges of the columns of an embedding's table, by the name of its Keras layer and the place of
            the table among its weights (``...``: they are one table).
        write: puts what is needed on the way into cells.
    """
    numeric, numbers = transform["numeric"], _numbers(transform)
    cell_of = dict(zip(numbers, cells, strict=False))
    raw = write(_raw(transform, cell_of)) if numeric["names"] else []
    units = zip(raw, numeric["center"], numeric["scale"], strict=True)
    scaled = write([f"({cell}-({center!r}))/({scale!r})" for cell, center, scale in units]) if raw else []
    formulas = [f"{x}/SQRT(1+({x}/{CLIP!r})^2)" for x in scaled]
    if any(numeric["waves"]):
        clipped, (of, factors) = write(formulas), places(numeric["waves"])
        formulas = list(clipped)
        for wave in ("SIN", "COS"):
            formulas += [f"{wave}({clipped[column]}*({f!r}))" for column, f in zip(of, factors.tolist(), strict=True)]
    columns, n_bins, _ = embedded(numeric["edges"])
    for place, column in enumerate(columns):
        pairs = pairwise(numeric["edges"][column])
        shares = [f"MAX(0,MIN(1,({raw[column]}-({low!r}))/({high - low!r})))" for low, high in pairs]
        filled = write([*shares, *["0"] * (n_bins - len(shares))])
        span = f"{filled[0]}:{filled[-1].split('!')[1]}"
        formulas += [f"SUMPRODUCT({span},{weights})" for weights in columns_of(NUMBERS, place)]
    for cell, known, (name, _, width) in zip(cells[len(numbers) :], lists, tables(transform), strict=True):
        code = f'IF({cell}="",{MISSING},IFERROR(MATCH({cell},{known},0)+1,{UNSEEN}))'
        (row,) = write([code])
        formulas += [f"INDEX({column},{row}+1)" for column in columns_of(name, ...)[:width]]
    return formulas


def _raw(transform: dict[str, Any], cell_of: dict[str, str]) -> list[str]:
    """The numbers, an empty cell filled as in training, and behind them which are missing."""
    formulas, indicators = [], []
    for entry in transform["columns"]:
        for name, fill in zip(entry.get("numbers", ()), entry.get("fill", ()), strict=True):
            formulas.append(f"IF(ISNUMBER({cell_of[name]}),{cell_of[name]},{fill!r})")
        if entry.get("indicator"):
            indicators.append(f"IF(ISNUMBER({cell_of[entry['numbers'][0]]}),0,1)")
    return formulas + indicators
