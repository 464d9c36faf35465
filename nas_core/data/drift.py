"""Whether a test file comes from where the dataset does, column by column."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from nas_core.data import cells
from nas_core.data.association import numbers
from nas_core.data.checks import Findings
from nas_core.data.types import Column

CHANCE = 0.01  # of a warning on any column when nothing differs (Holm's correction, 1979)
LEAST_EFFECT = 0.1  # Kolmogorov-Smirnov's D, or Cramér's V: less is of no consequence, however sure
CATEGORIES = 50


def check_drift(columns: Sequence[Column], dataset: pa.Table, test: pa.Table, findings: Findings) -> None:
    """Warn of features whose values are distributed otherwise in samples of both tables."""
    found = []
    for column in columns:
        compare = _words if column.type == "categorical" else _numbers
        result = compare(column, dataset[column.name], test[column.name])
        if result is not None:
            found.append((*result, column.name))
    found.sort()
    for place, (p, effect, name) in enumerate(found):
        if p * (len(found) - place) > CHANCE:
            break
        if effect >= LEAST_EFFECT:
            message = f"{name!r} is distributed otherwise in the test file than in the dataset (effect {effect:.2f})."
            action = "Figures on the test file tell about that other distribution; check how both were drawn."
            findings.warning(name, "drift", message, action)


def _numbers(column: Column, left: cells.Column, right: cells.Column) -> tuple[float, float] | None:
    from scipy.stats import ks_2samp

    x, y = (part[~np.isnan(part)] for part in (numbers(column, left), numbers(column, right)))
    if not (len(x) and len(y)):
        return None
    result = ks_2samp(x, y, method="asymp")
    return float(result.pvalue), float(result.statistic)


def _words(_: Column, left: cells.Column, right: cells.Column) -> tuple[float, float] | None:
    from scipy.stats import chi2_contingency

    places = cells.coded(pa.concat_arrays([cells.words(left), cells.words(right)]))[1] + 1
    usual = np.argsort(-np.bincount(places), kind="stable")[:CATEGORIES]
    codes = np.full(int(places.max()) + 1, len(usual))
    codes[usual] = np.arange(len(usual))
    counts = np.zeros((2, len(usual) + 1))
    np.add.at(counts, ((np.arange(len(places)) >= len(left)).astype(int), codes[places]), 1)
    counts = counts[:, counts.sum(axis=0) > 0]
    if counts.shape[1] < 2:
        return None
    result = chi2_contingency(counts)
    return float(result.pvalue), float(np.sqrt(result.statistic / counts.sum()))
