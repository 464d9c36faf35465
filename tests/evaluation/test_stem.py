"""The stem of a bank on a core: both ways to embed bins, and the embeddings of categories."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from nas_core.evaluation.direct import stem
from nas_core.evaluation.direct.weights import Piece, Weights
from nas_core.evaluation.frame import Bins, Frame, Rows
from nas_core.targets.labels import head
from nas_core.training.adamw import BETA_2
from nas_core.training.pace import Plan

SHAPE = 3, 5, 4  # columns, bins, width
NOTHING = np.zeros((3, 0), np.float32)
FRAME = Frame(Bins("", (0, 0, 0)), [], 0, head, {}, 2, Plan(1, 16, 0.01), Rows(*[NOTHING] * 3, np.zeros(3)), [], [])


def test_bins_are_the_same_filled_or_summed():
    rng = np.random.default_rng(0)
    value = rng.normal(size=SHAPE).astype(np.float32)
    positions = torch.tensor(np.append(rng.uniform(0, 5, (40, 3)), [[0, 2, 5]], axis=0).astype(np.float32))
    d = torch.tensor(rng.normal(size=(41, 3, 4)).astype(np.float32))
    found = []
    for kind in (stem.FilledBins, stem.SummedBins):
        gradient, x = np.full(SHAPE, np.nan, np.float32), torch.full((41, 3, 4), torch.nan)
        bins = kind(value, gradient)
        bins.forward(positions, x)
        bins.backward(d)
        found.append((x, gradient))
    for one, other in zip(*found, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-5)


def test_a_bin_that_nobody_reaches_learns_nothing():
    """Not even by rounding: the optimizer would make whole steps of it."""
    gradient, n = np.full(SHAPE, np.nan, np.float32), 200
    bins = stem.SummedBins(np.ones(SHAPE, np.float32), gradient)
    bins.forward(torch.rand(n, 3) * 3, torch.empty(n, 3, 4))
    bins.backward(torch.randn(n, 3, 4))
    assert (gradient[:, :3] != 0).all()
    assert (gradient[:, 3:] == 0).all()


@pytest.mark.parametrize(
    ("batch_size", "shape", "kind"),
    [
        (256, (6, 127, 16), stem.SummedBins),
        (64, (6, 127, 16), stem.FilledBins),
        (256, (20, 96, 8), stem.FilledBins),
        (1024, (20, 96, 8), stem.SummedBins),
        (256, (0, 0, 0), type(None)),
    ],
)
def test_how_bins_are_computed_follows_from_how_many_there_are(batch_size, shape, kind):
    frame = replace(FRAME, bins=Bins("stem_numbers", shape), plan=Plan(1, batch_size, 0.01))
    weights = Weights([Piece("stem_numbers/0", np.zeros(shape, np.float32))], 0.0)
    assert type(stem.make_bins(frame, weights)) is kind


def test_each_row_learns_the_embeddings_of_its_codes():
    tables = [("a", 4, 2), ("b", 3, 5)]
    codes = np.array([[0, 2], [3, 2], [0, 1]], np.int32)
    inputs = stem.Inputs(replace(FRAME, tables=tables, width=7, rows=FRAME.rows._replace(codes=codes)))
    known = {"a/0": np.arange(8, dtype=np.float32).reshape(4, 2), "b/0": np.ones((9, 9), np.float32)}  # no fit
    weights = Weights(list(inputs.pieces(known, np.random.default_rng(0))), 0.0)
    a, b = (inputs.named(weights.value)[name] for name in ("a/0", "b/0"))
    np.testing.assert_array_equal(a, known["a/0"])
    assert b.shape == (3, 5)

    made = stem.Stem(inputs, weights)
    x = made.forward(inputs.rows).numpy()
    np.testing.assert_array_equal(x[:, :7], np.concatenate([a[codes[:, 0]], b[codes[:, 1]]], 1))
    assert not x[:, 7:].any()

    d = np.random.default_rng(1).normal(size=x.shape).astype(np.float32)
    for _ in range(2):  # the second time nothing of the first is left
        weights.second[stem.TABLES][:] = 0
        made.backward(torch.from_numpy(d))
    gradient = inputs.named(weights.gradient)["b/0"]
    np.testing.assert_allclose(gradient, [np.zeros(5), d[2, 2:7], d[0, 2:7] + d[1, 2:7]], rtol=1e-6)
    missing = inputs.named(weights.second)["b/0"] * BETA_2 / (1 - BETA_2)  # of the squares of rows in that of the sum
    np.testing.assert_allclose(missing[2], d[0, 2:7] ** 2 + d[1, 2:7] ** 2 - gradient[2] ** 2, rtol=1e-4)
    np.testing.assert_allclose(missing[:2], 0, atol=1e-6)
