"""The network that won: its layers, what each is worth, and how it was trained."""

from __future__ import annotations

import csv
import json
import math
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from nas_core.report import words
from nas_core.report.candidates import SearchFacts
from nas_core.runs import layout
from nas_core.runs.records import read_json
from nas_core.runs.run import Run


@dataclass(frozen=True)
class LayerFacts:
    """One layer of the winner, stem and head included. `share` is that of all the parameters.

    `earned` is the change of the reward that came with the layer, where the search measured the network with it and the
    one without. `worth` is how far the score falls when a linear map stands in its place, ± `worth_std` (None: not
    measured). `flops_share` is its share of the arithmetic.
    """

    kind: str
    title: str
    params: dict[str, Any]
    output_shape: tuple[int | None, ...]
    parameters: int
    flops: int
    share: float
    flops_share: float
    earned: float | None = None
    worth: float | None = None
    worth_std: float | None = None


@dataclass(frozen=True)
class WinnerFacts:
    """The network that won. `number` is its line in the ledger (None when it is not there).

    Of `n_copies` trained on different rows the model is the mean, and of as many of each of the `others`; the other
    figures are of one of them.
    """

    fingerprint: str
    number: int | None
    parameters: int
    flops: int
    layers: tuple[LayerFacts, ...]
    n_copies: int
    others: tuple[str, ...] = ()


@dataclass(frozen=True)
class TrainingFacts:
    """The winner's training: `epochs` holds one row an epoch under `columns`; `best_epoch` has the least valid_loss."""

    columns: tuple[str, ...]
    epochs: tuple[tuple[float | None, ...], ...]
    best_epoch: int | None
    finalists: tuple[dict[str, Any], ...]


def read_winner(run: Run, search: SearchFacts) -> WinnerFacts:
    winner = read_json(run.path(layout.ARCHITECTURE))
    candidate = winner.get("candidate", winner["fingerprint"])
    number = next((c.number for c in search.candidates if c.fingerprint == candidate), None)
    earned, worth = _earned(winner["layers"], number, search), _worth(run)
    layers = tuple(_layer(winner, place, earned[place], worth.get(place)) for place in range(len(winner["layers"])))
    metrics = read_json(run.path(layout.METRICS))
    n_copies, others = metrics["folds"], tuple(metrics.get("others", ()))
    return WinnerFacts(winner["fingerprint"], number, winner["parameters"], winner["flops"], layers, n_copies, others)


def _earned(layers: list[dict[str, Any]], number: int | None, search: SearchFacts) -> list[float | None]:
    """Of each layer (stem and head are none), what the reward rose by when it was added to those before it.

    The candidate that won may have fewer layers: `members` can have been put before them.
    """
    rewards = {json.dumps(c.architecture, sort_keys=True): c.reward for c in search.candidates}
    inside = next((c.architecture for c in search.candidates if c.number == number), ())
    after = [rewards.get(json.dumps(inside[:n], sort_keys=True)) for n in range(1, len(inside) + 1)]
    gains = [b - a if a is not None and b is not None else None for a, b in pairwise(after)]
    return [None] * (len(layers) - len(gains) - 1) + gains + [None]


def _worth(run: Run) -> dict[int, dict[str, float]]:
    """What the ablation says, by the layer's place."""
    path = run.path(layout.ABLATION)
    return {entry["layer"]: entry for entry in read_json(path)} if path.exists() else {}


def _layer(winner: dict[str, Any], place: int, earned: float | None, worth: dict[str, float] | None) -> LayerFacts:
    layer = winner["layers"][place]
    return LayerFacts(
        kind=layer["layer"],
        title=words.layer({"layer": layer["layer"], **layer["params"]}),
        params=layer["params"],
        output_shape=tuple(layer["output_shape"]),
        parameters=layer["parameters"],
        flops=layer["flops"],
        share=layer["parameters"] / (winner["parameters"] or 1),
        flops_share=layer["flops"] / (winner["flops"] or 1),
        earned=earned,
        worth=worth["fall"] if worth else None,
        worth_std=worth["std"] if worth else None,
    )


def read_training(run: Run) -> TrainingFacts:
    with run.path(layout.HISTORY).open(newline="", encoding="utf-8") as file:
        header, *rows = csv.reader(file)
    epochs = tuple(tuple(map(_number, row)) for row in rows)
    loss = header.index("valid_loss")
    measured = [(row[loss], row[header.index("epoch")]) for row in epochs if row[loss] is not None]
    best = min(measured, default=(None, None), key=lambda pair: pair[0] or 0.0)[1]
    finalists = tuple(read_json(run.path(layout.METRICS))["finalists"])
    return TrainingFacts(tuple(header), epochs, int(best) if best is not None else None, finalists)


def _number(text: str) -> float | None:
    value = float(text) if text else math.nan
    return value if math.isfinite(value) else None
