"""The stem of a bank on a core: both ways to embed bins, and tables that share a product."""

import numpy as np
import torch

from nas_core.evaluation.direct import stem
from nas_core.evaluation.frame import Bins, Frame

SHAPE = 3, 5, 4  # columns, bins, width


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


def test_tables_share_a_product_as_long_as_their_codes_are_few(monkeypatch):
    monkeypatch.setattr(stem, "TOGETHER", 10)
    tables = [("a", 4, 2), ("b", 6, 3), ("c", 30, 5), ("d", 2, 1)]
    frame = Frame(Bins("", (0, 0, 0)), tables, 2 + 11, None, {}, 1, None, None, [], [])
    found = list(stem.tables_of(frame))
    assert [list(each.blocks) for each in found] == [["a/0", "b/0"], ["c/0"], ["d/0"]]
    assert [(each.places.start, each.places.stop) for each in found] == [(0, 10), (10, 40), (40, 42)]
    assert [(each.columns.start, each.columns.stop) for each in found] == [(2, 7), (7, 12), (12, 13)]
    assert found[0].is_weight.tolist() == [[1, 1, 0, 0, 0]] * 4 + [[0, 0, 1, 1, 1]] * 6
