"""How pictures reach a model."""

from __future__ import annotations

import numpy as np
import pytest

from nas_core.data.prepared import Split
from nas_core.training import feed
from nas_core.training.feed import LARGEST, Chunks, Feed, evaluation_size
from nas_core.training.fit import default_batch_size
from nas_core.training.quiet import quiet_tensorflow

quiet_tensorflow()


def learned(fed):
    """The batches of one pass over `fed`: inputs and target."""
    for (inputs, target), order in fed:
        for start in range(0, len(order), fed.batch_size):
            rows = order[start : start + fed.batch_size]
            yield {name: np.asarray(array)[rows] for name, array in inputs.items()}, np.asarray(target)[rows]


def test_rows_are_changed_only_while_they_are_learned_from():
    split = Split({"image": np.arange(10 * 4 * 4, dtype=np.uint8).reshape(10, 4, 4, 1)}, np.arange(10))
    fed = Feed(split, 4, 0, 2, lambda inputs, target, rng: ({"image": 255 - inputs["image"]}, target))
    batches = list(learned(fed))
    assert [len(target) for _, target in batches] == [4, 4, 4, 4, 4]
    for inputs, target in batches:
        np.testing.assert_array_equal(inputs["image"], 255 - split.inputs["image"][target])
    assert sorted(np.concatenate([target for _, target in batches])) == sorted([*range(10), *range(10)])
    ((inputs, _),) = Chunks(split)
    np.testing.assert_array_equal(inputs["image"], split.inputs["image"])


@pytest.mark.parametrize("in_memory", [True, False])
def test_every_row_comes_once_whole_and_in_another_order_each_time(monkeypatch, in_memory):
    if not in_memory:
        monkeypatch.setattr(feed, "COPIED_BYTES", 0)
    monkeypatch.setattr(feed, "STEPS", 2)
    monkeypatch.setattr(feed, "LARGEST", 3)
    split = Split({"numeric": np.arange(10.0).reshape(10, 1), "none": np.zeros((10, 0))}, np.arange(10))
    fed = Feed(split, 4, seed=0, n_passes=1)
    assert len(list(fed)) == (2 if in_memory else 3)
    epochs = [list(learned(fed)) for _ in range(2)]
    for batches in epochs:
        assert [len(target) for _, target in batches] == [4, 4, 2]
        assert sorted(np.concatenate([target for _, target in batches])) == list(range(10))
        assert all((inputs["numeric"][:, 0] == target).all() and "none" not in inputs for inputs, target in batches)
    assert set(epochs[0][0][1]) != set(epochs[1][0][1])
    for _ in range(2):
        assert [list(target) for _, target in Chunks(split)] == [[0, 1, 2], [3, 4, 5], [6, 7, 8], [9]]


def test_pictures_are_fewer_at_a_time():
    rows = Split({"numeric": np.zeros((3, 500), np.float32)}, np.zeros(3))
    small, large = (Split({"image": np.zeros((3, side, side, 3), np.uint8)}, np.zeros(3)) for side in (28, 224))
    assert evaluation_size(rows) == LARGEST
    assert LARGEST > evaluation_size(small) > evaluation_size(large) >= 8
    assert default_batch_size(1_000_000, of_pictures=True) < default_batch_size(1_000_000)
