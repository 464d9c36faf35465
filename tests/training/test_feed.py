"""How pictures reach a model."""

from __future__ import annotations

import numpy as np

from nas_core.data.prepared import Split
from nas_core.training.feed import LARGEST, evaluation_size, feed, feed_whole
from nas_core.training.fit import default_batch_size


def test_rows_are_changed_only_while_they_are_learned_from():
    split = Split({"image": np.arange(10 * 4 * 4, dtype=np.uint8).reshape(10, 4, 4, 1)}, np.arange(10))
    fed = feed(split, 4, 0, 2, lambda inputs, rng: {"image": 255 - inputs["image"]})["x"]
    batches = [fed[number] for number in range(len(fed))]
    assert [len(target) for _, target in batches] == [4, 4, 4, 4, 4]
    for inputs, target in batches:
        np.testing.assert_array_equal(inputs["image"], 255 - split.inputs["image"][target])
    assert sorted(np.concatenate([target for _, target in batches])) == sorted([*range(10), *range(10)])
    np.testing.assert_array_equal(feed_whole(split)[0]["image"], split.inputs["image"])


def test_pictures_are_fewer_at_a_time():
    rows = Split({"numeric": np.zeros((3, 500), np.float32)}, np.zeros(3))
    small, large = (Split({"image": np.zeros((3, side, side, 3), np.uint8)}, np.zeros(3)) for side in (28, 224))
    assert evaluation_size(rows) == LARGEST
    assert LARGEST > evaluation_size(small) > evaluation_size(large) >= 8
    assert default_batch_size(1_000_000, of_pictures=True) < default_batch_size(1_000_000)
