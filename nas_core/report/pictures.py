"""The sheets of a run whose rows are pictures: mistakes, where the network looked, examples, what was changed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from nas_core.report.contact_sheet import Tile, draw_sheet
from nas_core.report.facts import Facts
from nas_core.report.texts.pictures import picture_texts
from nas_core.report.words import number
from nas_core.runs import layout
from nas_core.runs.records import read_json
from nas_core.runs.run import Run
from nas_core.tasks.registry import find_part, load_part

N_EXAMPLES = 5  # of a class, or, of numbers, in a row
MOST_CLASSES = 20
N_CHANGED = 6  # pictures, each with
N_CHANGES = 4  # of its changed forms
PAIRS_ACROSS = 3


@dataclass(frozen=True)
class Sheet:
    """A drawn sheet: its `name` (that of its texts too) and its file."""

    name: str
    path: Path


@dataclass(frozen=True)
class Pictures:
    """The pictures of a run as it prepared them, memory-mapped, and the words of its language."""

    run: Run
    facts: Facts
    texts: dict[str, str]

    def of(self, part: str) -> np.ndarray | None:
        """Those of a part of the split, uint8 (n, height, width, channels); None where rows are something else."""
        arrays = (np.load(path, mmap_mode="r") for path in sorted(self.run.path(layout.ARRAYS).glob(f"{part}_*.npy")))
        return next((array for array in arrays if array.ndim == 4 and array.dtype == np.uint8), None)

    def codes(self, part: str) -> np.ndarray:
        """Their targets, encoded."""
        return np.asarray(np.load(self.run.path(layout.ARRAYS) / f"{part}_target.npy", mmap_mode="r"))

    def words(self, codes: np.ndarray) -> list[str]:
        """Encoded targets as a person says them."""
        encode = load_part(self.facts.task, "target", "encode")
        return [_said(value) for value in encode.truth(self.transforms["target"], codes)]

    @property
    def transforms(self) -> dict[str, Any]:
        """``transforms.json``."""
        return dict(read_json(self.run.path(layout.TRANSFORMS)))

    def say(self, key: str, **values: object) -> str:
        """A text with its places filled in."""
        return self.texts[key].format(**values)


def write_sheets(run: Run, facts: Facts, folder: Path) -> tuple[Sheet, ...]:
    """Draw the sheets below `folder`; none where rows are no pictures, or may not be shown."""
    pictures = Pictures(run, facts, picture_texts(facts.language))
    if pictures.of("test") is None or not facts.job.get("show_rows", True):
        return ()
    return tuple(_written(pictures, folder))


def _written(pictures: Pictures, folder: Path) -> Iterator[Sheet]:
    for name, (across, tiles_of) in SHEETS.items():
        if tiles := tiles_of(pictures):
            draw_sheet(tiles, folder / f"{name}.png", across)
            yield Sheet(name, folder / f"{name}.png")


def _mistakes(pictures: Pictures) -> list[Tile]:
    """The test pictures on which the network was most wrong."""
    shown, mistakes = pictures.of("test"), pictures.facts.test.mistakes
    if shown is None or mistakes is None:
        return []
    return [
        Tile(np.asarray(shown[row]), _truth_and_said(pictures, _said(truth), _said(said)))
        for row, truth, said, *_ in mistakes.rows
    ]


def _attention(pictures: Pictures) -> list[Tile]:
    """Test pictures, each beside itself with the places marked that spoke for what the network said."""
    shown, path = pictures.of("test"), pictures.run.path(layout.ATTENTION)
    if shown is None or not path.exists():
        return []
    with np.load(path) as saved:
        rows, maps = saved["rows"], saved["maps"]
    said = pq.read_table(pictures.run.path(layout.PREDICTIONS), columns=["prediction"])["prediction"]
    truths, predictions = pictures.words(pictures.codes("test")[rows]), said.take(pa.array(rows)).to_pylist()
    tiles = []
    for row, places, truth, prediction in zip(rows.tolist(), maps, truths, predictions, strict=True):
        lines = _truth_and_said(pictures, truth, _said(prediction))
        tiles += [Tile(np.asarray(shown[row]), lines), Tile(np.asarray(shown[row]), places=places)]
    return tiles


def _examples(pictures: Pictures) -> list[Tile]:
    """Training pictures: some of each class, the most frequent classes first; of numbers from low to high."""
    shown, codes = pictures.of("train"), pictures.codes("train")
    if shown is None:
        return []
    rng = np.random.default_rng(0)
    if codes.dtype.kind == "f":
        order = np.argsort(codes, kind="stable")
        rows = order[np.linspace(0, len(order) - 1, 2 * N_EXAMPLES).astype(int)]
    else:
        classes, counts = np.unique(codes, return_counts=True)
        frequent = classes[np.argsort(-counts, kind="stable")][:MOST_CLASSES]
        chosen = [np.flatnonzero(codes == code) for code in frequent]
        rows = np.concatenate([rng.choice(own, N_EXAMPLES, replace=len(own) < N_EXAMPLES) for own in chosen])
    return [Tile(np.asarray(shown[row]), (word,)) for row, word in zip(rows, pictures.words(codes[rows]), strict=True)]


def _augmentation(pictures: Pictures) -> list[Tile]:
    """Training pictures as they are and as the network was given them, with what was done."""
    shown, part = pictures.of("train"), find_part(pictures.facts.task, "input", "augment")
    transform = pictures.transforms["input"]
    if shown is None or part is None or not part.is_active(transform):
        return []
    rng = np.random.default_rng(0)
    plain = np.asarray(shown[np.sort(rng.permutation(len(shown))[:N_CHANGED])])
    drawn = [part.draw(transform["augment"], plain.shape, rng) for _ in range(N_CHANGES)]
    changed = [part.changed(plain, changes) for changes in drawn]
    tiles = []
    for number_, picture in enumerate(plain):
        tiles.append(Tile(picture, (pictures.texts["as_it_is"],)))
        tiles += [
            Tile(own[number_], _changes(pictures, changes.of(number_)))
            for own, changes in zip(changed, drawn, strict=True)
        ]
    return tiles


def _changes(pictures: Pictures, done: dict[str, float]) -> tuple[str, ...]:
    """What was done to a picture, one thing a line."""
    places = {"x": done.get("right", 0), "y": done.get("down", 0), "by": 0.0, "share": 0.0}
    lines = []
    for name, figure in done.items():
        if name != "right" and not (name == "share" and round(100 * figure) == 100):
            lines.append(pictures.say(f"done_{name}", **places | {"by": round(figure), "share": round(100 * figure)}))
    return tuple(lines)


def _truth_and_said(pictures: Pictures, truth: str, said: str) -> tuple[str, ...]:
    return pictures.say("truth", value=truth), pictures.say("said", value=said)


def _said(value: object) -> str:
    return number(value) if isinstance(value, float) else str(value)


SHEETS: dict[str, tuple[int, Callable[[Pictures], list[Tile]]]] = {
    "mistakes": (5, _mistakes),
    "attention": (2 * PAIRS_ACROSS, _attention),
    "examples": (N_EXAMPLES, _examples),
    "augmentation": (1 + N_CHANGES, _augmentation),
}
