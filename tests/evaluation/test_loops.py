"""The compiled loops of a bank on a core, held against the same in plain numpy and PyTorch."""

import numpy as np
import pytest
import torch

from nas_core.evaluation.direct import loops

N_ROWS, WIDTH, ROOM = 40, 13, 16  # of the width only the first numbers count, behind them lies 0
N_BINS = 5


def drawn(*shape):
    return np.random.default_rng(list(shape)).normal(size=shape).astype(np.float32)


def padded(values):
    return np.pad(values, [(0, 0), (0, ROOM - values.shape[1])])


@pytest.fixture
def stem():
    """Two numbers, three columns with bins of width 4, two with categories: 3 of width 2 and 4 of width 1."""
    rng = np.random.default_rng(0)
    positions = np.append(rng.uniform(0, N_BINS, (N_ROWS - 1, 3)), [[0, 2, N_BINS]], axis=0).astype(np.float32)
    codes = rng.integers([3, 4], size=(N_ROWS, 2))
    return drawn(N_ROWS, 2), positions, codes * [2, 1] + [0, 6], np.array([2, 1])


def filled(positions):
    """How far each bin is, (columns, rows, bins)."""
    return np.clip(positions.T[:, :, None] - np.arange(N_BINS), 0, 1)


def test_embed(stem):
    numbers, positions, starts, _ = stem
    bins, tables, x = drawn(3, N_BINS, 4), drawn(10), np.full((N_ROWS, 20), np.nan, np.float32)
    loops.embed(*stem, bins, tables, x)
    embedded = (filled(positions) @ bins).transpose(1, 0, 2).reshape(N_ROWS, -1)
    looked_up = tables[np.column_stack([starts[:, 0], starts[:, 0] + 1, starts[:, 1]])]
    np.testing.assert_allclose(x, np.column_stack([numbers, embedded, looked_up, np.zeros((N_ROWS, 3))]), atol=1e-5)


def test_embed_back(stem):
    _, positions, starts, widths = stem
    d, d_bins, sums = drawn(N_ROWS, 20), np.full((3, N_BINS, 4), np.nan, np.float32), np.full((2, 10), np.nan, "f4")
    loops.embed_back(d, 2, positions, starts, widths, d_bins, *sums)
    by_column = d[:, 2:14].reshape(N_ROWS, 3, 4).transpose(1, 0, 2)
    np.testing.assert_allclose(d_bins, filled(positions).swapaxes(1, 2) @ by_column, atol=1e-5)
    places = np.column_stack([starts[:, 0], starts[:, 0] + 1, starts[:, 1]])
    for found, values in zip(sums, (d[:, 14:17], d[:, 14:17] ** 2), strict=True):
        np.testing.assert_allclose(found, np.bincount(places.ravel(), values.ravel(), 10), atol=1e-5)


def test_a_table_without_bins_or_categories():
    nothing, none, x = np.zeros((N_ROWS, 0)), np.zeros(0, np.float32), np.full((N_ROWS, 4), np.nan, np.float32)
    numbers, of_none = drawn(N_ROWS, 3), (nothing.astype(np.float32), nothing.astype(int), np.zeros(0, int))
    no_bins = np.zeros((0, 0, 0), np.float32)
    loops.embed(numbers, *of_none, no_bins, none, x)
    np.testing.assert_array_equal(x, np.pad(numbers, [(0, 0), (0, 1)]))
    loops.embed_back(x, 3, *of_none, no_bins, none, none)


def test_a_bin_that_nobody_reaches_learns_nothing(stem):
    """Not even by rounding: the optimizer would make whole steps of it."""
    _, positions, starts, widths = stem
    d_bins, sums = np.full((3, N_BINS, 4), np.nan, np.float32), np.empty((2, 10), np.float32)
    loops.embed_back(drawn(N_ROWS, 20), 2, positions * np.float32(0.6), starts, widths, d_bins, *sums)
    assert (d_bins[:, :3] != 0).all()
    assert (d_bins[:, 3:] == 0).all()


def test_normalise():
    x, d = padded(drawn(N_ROWS, WIDTH)), padded(drawn(N_ROWS + 1, WIDTH)[1:])
    scale, shift = drawn(WIDTH), drawn(WIDTH + 1)[1:]
    y, d_x = np.full((2, N_ROWS, ROOM), np.nan, np.float32)
    moments, (d_scale, d_shift) = np.empty((2, N_ROWS), np.float32), np.full((2, WIDTH), np.nan, np.float32)
    loops.normalise(x, scale, shift, 1e-3, y, *moments)
    loops.normalise_back(d, x, scale, *moments, d_x, d_scale, d_shift)
    of, by_scale, by_shift = (torch.tensor(each, requires_grad=True) for each in (x[:, :WIDTH], scale, shift))
    expected = torch.nn.functional.layer_norm(of, [WIDTH], by_scale, by_shift, 1e-3)
    expected.backward(torch.tensor(d[:, :WIDTH]))
    np.testing.assert_allclose(y, padded(expected.detach().numpy()), atol=1e-5)
    np.testing.assert_allclose(d_x, padded(of.grad.numpy()), atol=1e-5)
    np.testing.assert_allclose(d_scale, by_scale.grad, atol=1e-5)
    np.testing.assert_allclose(d_shift, by_shift.grad, atol=1e-5)


def test_drop():
    x, bytes_drawn = drawn(N_ROWS, WIDTH), np.random.default_rng(0).integers(256, size=(N_ROWS, WIDTH), dtype=np.uint8)
    y = np.empty_like(x)
    loops.drop(x, bytes_drawn, 64, 256 / 192, y)
    np.testing.assert_allclose(y, np.where(bytes_drawn >= 64, x * 256 / 192, 0), rtol=1e-6)


def test_gate():
    x, z, d = drawn(N_ROWS, WIDTH), drawn(N_ROWS + 1, WIDTH)[1:], drawn(N_ROWS + 2, WIDTH)[2:]
    y, d_z, by_z = np.empty_like(x), np.empty_like(x), torch.tensor(z, requires_grad=True)
    expected = 2 * torch.tensor(x) * torch.sigmoid(by_z)
    expected.backward(torch.tensor(d))
    opened = torch.sigmoid(torch.tensor(z)).numpy()
    loops.gate(x, opened, y)
    loops.gate_back(d, x, opened, d_z)
    np.testing.assert_allclose(y, expected.detach(), atol=1e-5)
    np.testing.assert_allclose(d_z, by_z.grad, atol=1e-5)


def test_prelu_back():
    x, d, slope = drawn(N_ROWS, WIDTH), drawn(N_ROWS + 1, WIDTH)[1:], drawn(WIDTH)
    by_x, by_slope = (torch.tensor(each, requires_grad=True) for each in (x, slope))
    torch.nn.functional.prelu(by_x, by_slope).backward(torch.tensor(d))
    d_x, d_slope = np.empty_like(x), np.full(WIDTH, np.nan, np.float32)
    loops.prelu_back(d, x, slope, d_x, d_slope)
    np.testing.assert_allclose(d_x, by_x.grad, atol=1e-5)
    np.testing.assert_allclose(d_slope, by_slope.grad, atol=1e-5)


def test_what_is_compiled_need_not_be_kept():
    """As where neither this folder nor the home folder can be written to: what has no file has no place either."""
    space = {}
    exec("def double(x):\n    x *= 2", space)
    x = np.ones(3, np.float32)
    loops.compiled(loops.VECTOR)(space["double"])(x)
    np.testing.assert_array_equal(x, 2)
