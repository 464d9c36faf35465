"""Raw rows of a table to the arrays a network reads, as data: learned once, applied wherever rows come from.

The transform is JSON::

    {"columns": [{"name", "type", …what this column needs}],
     "numeric": {"names": […], "center": […], "scale": […], "edges": [[…], …], "waves": [[…], …]},
     "categorical": {"names": […], "cardinalities": […]}}

Numbers stay in their own units; the network's stem scales them by `center` and `scale` and encodes them in the bins
between `edges` and as `waves`, so that all of it is part of the model. Code 0 of a category means unseen or rare, 1
missing, 2 and above the categories, most frequent first.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from nas_core.data import cells
from nas_core.data.types import FEATURE_TYPES
from nas_core.errors import JobError
from nas_core.inputs.settings import InputSettings
from nas_core.inputs.tabular import waves
from nas_core.inputs.tabular.bins import embedded, find_edges

TYPES = FEATURE_TYPES  # of the columns that it reads
UNSEEN, MISSING, FIRST = 0, 1, 2
RARE = 5  # categories with fewer rows are too rare to learn from
MAX_CATEGORIES = 1_000
LEAST_BINARY_SCALE = 0.1  # a rare yes then is at most ten units away
DEFAULT = InputSettings()
LARGEST = 1e30  # what float32 can still be scaled without overflow


def fit(columns: list[dict[str, Any]], sample: pa.Table, wanted: InputSettings = DEFAULT) -> dict[str, Any]:
    """Learn the transform of the feature `columns` (entries of ``schema.json``) from training rows.

    Args:
        columns: `name`, `type` (numeric, boolean, date, categorical), for dates `form`, and `missing`, numbers that
            stand for a missing one.
        sample: training rows, all or a fair sample of them.
        wanted: how numbers are encoded.
    """
    entries, numbers = [], {}
    for column in columns:
        if column["type"] == "categorical":
            entries.append(_fit_categories(column, sample[column["name"]]))
        else:
            read = _read_numbers(column, sample[column["name"]])
            entries.append(_fit_numbers(column, read))
            numbers[column["name"]] = read
    return {"columns": entries, "numeric": _numeric(entries, numbers, wanted), "categorical": _categorical(entries)}


def _fit_categories(column: dict[str, Any], cells_: cells.Column) -> dict[str, Any]:
    words = cells.words(cells_).drop_null()
    counted = pc.value_counts(words)
    counts = counted.field("counts").to_numpy()
    pairs = zip(counted.field("values").to_pylist(), counts.tolist(), strict=True)
    least = min(RARE, max(2, len(cells_) // 100))
    kept = sorted((pair for pair in pairs if pair[1] >= least), key=lambda pair: (-pair[1], pair[0]))
    return {
        "name": column["name"],
        "type": "categorical",
        "categories": [word for word, _ in kept[:MAX_CATEGORIES]],
    }


def _fit_numbers(column: dict[str, Any], read: dict[str, np.ndarray]) -> dict[str, Any]:
    is_missing = any(np.isnan(x).any() for x in read.values())
    entry = {
        "name": column["name"],
        "type": column["type"],
        "numbers": list(read),
        "fill": [_median(x) for x in read.values()],
        "indicator": f"{column['name']} is missing" if is_missing else None,
    }
    if column.get("missing"):
        entry["missing"] = column["missing"]
    return entry | {"form": column["form"], "parts": _parts(read, column)} if column["type"] == "date" else entry


def _parts(read: dict[str, np.ndarray], column: dict[str, Any]) -> list[str]:
    return [name.removeprefix(f"{column['name']} (").removesuffix(")") for name in read]


def _read_numbers(column: dict[str, Any], raw: cells.Column) -> dict[str, np.ndarray]:
    """What a column gives as numbers: float64 by name, NaN where missing."""
    name = column["name"]
    if column["type"] == "boolean":
        return {name: cells.booleans(raw)}
    if column["type"] == "date":
        parts = _date_parts(cells.moments(raw, column.get("form") or cells.ISO))
        wanted = column.get("parts") or [part for part in parts if part == "days" or _varies(parts[part])]
        return {f"{name} ({part})": parts[part] for part in wanted}
    x = cells.numbers(raw)
    return {name: np.where(np.isin(x, column["missing"]), np.nan, x) if column.get("missing") else x}


def _date_parts(moments: np.ndarray) -> dict[str, np.ndarray]:
    """Days since 1970 (with the fraction of the day), month 1–12, weekday 0–6 from Monday, hour 0–23."""
    days = moments.astype("datetime64[D]")
    months = days.astype("datetime64[M]")
    parts = {
        "days": (moments - np.datetime64(0, "s")) / np.timedelta64(1, "D"),
        "month": (months - months.astype("datetime64[Y]")) / np.timedelta64(1, "M") + 1,
        "weekday": ((days - np.datetime64(0, "D")) / np.timedelta64(1, "D") + 3) % 7,
        "hour": (moments.astype("datetime64[h]") - days) / np.timedelta64(1, "h"),
    }
    return {name: np.asarray(values, np.float64) for name, values in parts.items()}


def _varies(x: np.ndarray) -> bool:
    x = x[~np.isnan(x)]
    return bool(len(x)) and bool((x != x[0]).any())


def _median(x: np.ndarray) -> float:
    x = x[~np.isnan(x)]
    return float(np.median(x)) if len(x) else 0.0


def _numeric(
    entries: list[dict[str, Any]], numbers: dict[str, dict[str, np.ndarray]], wanted: InputSettings
) -> dict[str, Any]:
    """Names, centers, scales, edges and waves of the columns of `numeric`: all numbers, then all indicators."""
    names, units = [], []
    columns = [x for read in numbers.values() for x in read.values()]
    nothing: list[list[float]] = [[] for _ in columns]
    edges = find_edges(columns) if wanted.numbers in ("bins", "both") else nothing
    frequencies = waves.draw(columns) if wanted.numbers in ("waves", "both") else nothing
    for entry in entries:
        for name, x in numbers.get(entry["name"], {}).items():
            names.append(name)
            units.append(_binary_unit(x) if entry["type"] == "boolean" else _robust_unit(x))
    for entry in entries:
        if entry.get("indicator"):
            names.append(entry["indicator"])
            is_missing = np.any([np.isnan(x) for x in numbers[entry["name"]].values()], axis=0)
            units.append(_binary_unit(is_missing.astype(np.float64)))
            edges.append([])
    centers, scales = zip(*units, strict=True) if units else ((), ())
    return {"names": names, "center": list(centers), "scale": list(scales), "edges": edges, "waves": frequencies}


def _binary_unit(x: np.ndarray) -> tuple[float, float]:
    """Mean and standard deviation: a median says nothing of zeros and ones."""
    x = x[~np.isnan(x)]
    return (float(x.mean()), max(float(x.std()), LEAST_BINARY_SCALE)) if len(x) else (0.0, 1.0)


def _robust_unit(x: np.ndarray) -> tuple[float, float]:
    """Median and interquartile range / 1.349; where most values are equal, the deviation without the outermost."""
    x = x[~np.isnan(x)]
    if not len(x):
        return 0.0, 1.0
    low, first, median, third, high = np.quantile(x, (0.01, 0.25, 0.5, 0.75, 0.99))
    inner, std = (third - first) / 1.349, float(np.clip(x, low, high).std())
    scale = inner if inner >= 0.1 * std else std
    return float(median), float(scale) or float(x.std()) or 1.0


def _categorical(entries: list[dict[str, Any]]) -> dict[str, Any]:
    categorical = [entry for entry in entries if entry["type"] == "categorical"]
    return {
        "names": [entry["name"] for entry in categorical],
        "cardinalities": [len(entry["categories"]) + FIRST for entry in categorical],
    }


def apply(transform: dict[str, Any], table: pa.Table) -> dict[str, np.ndarray]:
    """Turn raw rows into arrays.

    Args:
        transform: what :func:`fit` gave.
        table: the columns of the transform in any order, typed or as text; further columns are left alone.

    Returns:
        `numeric`, float32 (rows, numbers and indicators), and `categorical`, int32 (rows, categorical columns).

    Raises:
        JobError: columns are missing.
    """
    _require_columns(transform, table)
    numeric = np.empty((table.num_rows, len(transform["numeric"]["names"])), np.float32)
    categorical = np.empty((table.num_rows, len(transform["categorical"]["names"])), np.int32)
    place, code = 0, 0
    indicators = []
    for entry in transform["columns"]:
        raw = table[entry["name"]]
        if entry["type"] == "categorical":
            categorical[:, code] = _codes(entry["categories"], raw)
            code += 1
            continue
        read = list(_read_numbers(entry, raw).values())
        for x, fill in zip(read, entry["fill"], strict=True):
            numeric[:, place] = np.clip(np.where(np.isnan(x), fill, x), -LARGEST, LARGEST)
            place += 1
        if entry["indicator"]:
            indicators.append(np.isnan(read[0]))
    for is_missing in indicators:
        numeric[:, place] = is_missing
        place += 1
    return {"numeric": numeric, "categorical": categorical}


def _require_columns(transform: dict[str, Any], table: pa.Table) -> None:
    needed = [entry["name"] for entry in transform["columns"]]
    missing = [name for name in needed if name not in table.column_names]
    if missing:
        raise JobError(f"The rows must have the columns {needed}, but {missing} are missing; got {table.column_names}.")


def _codes(categories: list[str], raw: cells.Column) -> np.ndarray:
    different, cells_ = cells.coded(raw)
    words = cells.words(different)
    places = pc.index_in(words, pa.array(categories, pa.string()))
    codes = pc.if_else(words.is_null(), MISSING, pc.coalesce(pc.add(places, FIRST), UNSEEN))
    by_word = np.append(codes.to_numpy(zero_copy_only=False), MISSING).astype(np.int32)
    return np.take(by_word, cells_)


def embedding_width(cardinality: int) -> int:
    """Numbers that stand for one category: about 1.6 n^0.56 (the rule of fastai's tabular models), 16 at most."""
    return min(16, max(1, math.ceil(1.6 * math.pow(cardinality, 0.56))))


def shape(transform: dict[str, Any]) -> tuple[int, ...]:
    """The shape of one row behind the stem: numbers and indicators, waves, embeddings of numbers and categories."""
    widths = map(embedding_width, transform["categorical"]["cardinalities"])
    numeric = transform["numeric"]
    n_columns, _, width = embedded(numeric["edges"]).shape
    return (len(numeric["names"]) + waves.width(numeric["waves"]) + n_columns * width + sum(widths),)
