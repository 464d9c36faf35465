"""Which columns the network relies on: how far the score falls when one is shuffled.

Permutation importance: Breiman, "Random forests", 2001; Fisher et al., JMLR 2019.
"""

from __future__ import annotations

import time
from typing import Any

import numpy as np

from nas_core.data.prepared import Prepared, Split
from nas_core.tasks.registry import load_part
from nas_core.training.fit import predict
from nas_core.training.judge import judge

MAX_ROWS = 2000
N_REPEATS = 3


def measure_importance(model: Any, data: Prepared, seconds: float) -> list[dict[str, Any]]:
    """``column``, ``importance`` (mean fall of the score on test rows), ``std``; the most important first.

    Columns that `seconds` do not suffice for are left out.
    """
    clock, rng = time.perf_counter(), np.random.default_rng(0)
    test = data.split("test")
    rows = np.sort(rng.permutation(len(test))[:MAX_ROWS])
    part = Split({name: np.array(array[rows]) for name, array in test.inputs.items()}, test.target[rows])
    whole = _score(model, data, part)
    found = []
    for column, places in load_part(data.schema["task"], "input", "columns").places(data.transforms["input"]).items():
        if time.perf_counter() - clock > seconds:
            break
        falls = [whole - _score(model, data, _shuffled(part, places, rng)) for _ in range(N_REPEATS)]
        found.append({"column": column, "importance": float(np.mean(falls)), "std": float(np.std(falls))})
    return sorted(found, key=lambda entry: -entry["importance"])


def _score(model: Any, data: Prepared, part: Split) -> float:
    return judge(data, part.target, predict(model, part))[1]


def _shuffled(part: Split, places: list[tuple[str, int]], rng: np.random.Generator) -> Split:
    """`part` with all that came of one raw column shuffled together over the rows."""
    order = rng.permutation(len(part))
    inputs = dict(part.inputs)
    for name, index in places:
        inputs[name] = inputs[name].copy()
        inputs[name][:, index] = part.inputs[name][order, index]
    return Split(inputs, part.target)
