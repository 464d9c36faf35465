"""What the stem makes of numbers: the same in Keras and without it, and what the bins say."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from nas_core.inputs.settings import InputSettings
from nas_core.inputs.tabular import bins, stem
from nas_core.inputs.tabular.transform import apply, fit, shape
from nas_core.training.quiet import quiet_tensorflow

N = 6_000
COLUMNS: list[dict[str, Any]] = [
    {"name": "skewed", "type": "numeric"},
    {"name": "gain", "type": "numeric"},
    {"name": "stars", "type": "numeric"},
    {"name": "member", "type": "boolean"},
    {"name": "seen", "type": "date", "form": "year-month-day"},
    {"name": "city", "type": "categorical"},
]


@pytest.fixture(scope="module")
def table() -> pa.Table:
    rng = np.random.default_rng(0)
    skewed = np.exp(rng.normal(0, 2, N)).tolist()
    days = rng.integers(0, 3000, N).astype("timedelta64[D]") + np.datetime64("2019-01-01")
    return pa.table(
        {
            "skewed": [None if i % 9 == 0 else x for i, x in enumerate(skewed)],
            "gain": np.where(rng.random(N) < 0.9, 0, rng.integers(1, 90_000, N)),
            "stars": rng.integers(1, 6, N),
            "member": rng.random(N) < 0.5,
            "seen": days,
            "city": rng.choice(["Rome", "Oslo"], N),
        }
    )


@pytest.fixture(scope="module")
def transform(table: pa.Table) -> dict[str, Any]:
    return fit(COLUMNS, table)


def edges_of(transform: dict[str, Any], name: str) -> list[float]:
    numeric = transform["numeric"]
    return numeric["edges"][numeric["names"].index(name)]


def test_bins_tell_both_frequent_and_rare_values_apart(transform: dict[str, Any], table: pa.Table) -> None:
    gain = edges_of(transform, "gain")
    assert gain[:1] == [0]
    assert len(gain) > 10  # though nine rows of ten are 0
    assert gain[-1] == max(table["gain"].to_pylist())
    assert edges_of(transform, "stars") == [1, 2, 3, 4, 5]
    assert edges_of(transform, "member") == edges_of(transform, "skewed is missing") == []
    assert all(np.diff(edges).min() > 0 for edges in transform["numeric"]["edges"] if edges)


@pytest.mark.parametrize(("n_columns", "n_rows"), [(3, 400), (3, 100_000), (100, 100_000), (2000, 1_000)])
def test_bins_are_fewer_for_few_rows_and_many_columns(n_columns: int, n_rows: int) -> None:
    x = np.random.default_rng(0).normal(size=n_rows)
    edges = bins.find_edges([x] * n_columns)
    n_bins = [len(own) - 1 for own in edges if own]
    assert sum(n_bins) <= min(bins.MOST_TOGETHER, n_columns * n_rows // bins.ROWS_A_BIN)
    assert max(n_bins, default=0) <= bins.MOST
    assert sum(len(own) > 0 for own in edges) * bins.embedded(edges).width <= max(bins.WIDTH_TOGETHER, n_columns)


def test_columns_without_values_have_no_bins() -> None:
    assert bins.find_edges([np.full(50, np.nan), np.zeros(0)]) == [[], []]


def test_a_position_tells_full_bins_and_the_share_of_the_next(transform: dict[str, Any]) -> None:
    first = transform["numeric"]["names"].index("stars")
    row = np.array([transform["numeric"]["center"]], np.float32).repeat(4, axis=0)
    row[:, first] = [0, 2, 3.25, 9]
    _, positions, _ = stem.fixed(transform, {"numeric": row, "categorical": np.zeros((4, 1), np.int32)})
    place = bins.embedded(transform["numeric"]["edges"]).columns.index(first)
    np.testing.assert_allclose(positions[:, place], [0, 1, 2.25, 4])


def test_keras_and_numpy_agree_to_the_last_digits(transform: dict[str, Any], table: pa.Table) -> None:
    import keras

    quiet_tensorflow()
    inputs, x = stem.build(transform)
    model = keras.Model(inputs, x)
    arrays = apply(transform, table)
    arrays["numeric"][:3] = [[1e30], [-1e30], [0]]
    found = model.predict(arrays, verbose=0)
    numbers, positions, codes = stem.fixed(transform, arrays)
    name, (n_columns, n_bins, width) = stem.bins(transform)
    (weights,) = model.get_layer(name).get_weights()
    filled = np.clip(positions[:, :, None] - np.arange(n_bins), 0, 1)
    embedded = np.einsum("acb,cbd->acd", filled, weights).reshape(len(codes), -1)
    categories = model.get_layer("stem_category0").get_weights()[0][codes[:, 0]]
    assert weights.shape == (n_columns, n_bins, width) == (6, 40, 16)
    assert found.shape[1:] == shape(transform)
    assert np.isfinite(found).all()
    np.testing.assert_allclose(found, np.concatenate([numbers, embedded, categories], axis=1), atol=1e-5)
    assert stem.cost(transform).parameters == sum(weight.size for weight in model.get_weights())


@pytest.mark.parametrize("numbers", ["waves", "both", "plain"])
def test_numbers_are_encoded_as_the_job_wants(table: pa.Table, numbers: str) -> None:
    import keras

    quiet_tensorflow()
    transform = fit(COLUMNS, table, InputSettings(numbers=numbers))
    inputs, x = stem.build(transform)
    model = keras.Model(inputs, x)
    arrays = apply(transform, table)
    said, (fixed, positions, _) = model.predict(arrays, verbose=0), stem.fixed(transform, arrays)
    n_numbers, waves = len(transform["numeric"]["names"]), transform["numeric"]["waves"]
    n_waves = sum(map(len, waves))
    assert said.shape[1:] == shape(transform)
    np.testing.assert_allclose(said[:, : fixed.shape[1]], fixed, atol=1e-5)
    assert (n_waves > 0, positions.shape[1] > 0) == (numbers in ("waves", "both"), numbers == "both")
    sines, cosines = np.split(fixed[:, n_numbers:], 2, axis=1)
    np.testing.assert_allclose(sines**2 + cosines**2, 1, atol=1e-5)
    if n_waves:
        column = next(place for place, own in enumerate(waves) if own)
        angle = 2 * np.pi * waves[column][0] * fixed[:, column]
        np.testing.assert_allclose(sines[:, 0], np.sin(angle), atol=1e-5)
