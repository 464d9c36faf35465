from __future__ import annotations

import numpy as np
import pytest

from nas_core.data.split import TEST, TRAIN, VALID, split_rows

SHARES = (0.15, 0.15)


def test_shares_and_seed() -> None:
    parts = split_rows(1000, SHARES, seed=1)
    assert np.bincount(parts).tolist() == [700, 150, 150]
    assert (parts == split_rows(1000, SHARES, seed=1)).all()
    assert (parts != split_rows(1000, SHARES, seed=2)).any()


def test_a_part_that_is_not_wanted_stays_empty() -> None:
    assert np.bincount(split_rows(100, (0.2, 0.0), seed=0), minlength=3).tolist() == [80, 20, 0]


def test_classes_keep_their_proportions() -> None:
    codes = np.repeat([0, 1, 2], [600, 300, 100])
    parts = split_rows(1000, SHARES, seed=0, strata=codes)
    for part, share in ((TRAIN, 0.7), (VALID, 0.15), (TEST, 0.15)):
        assert np.bincount(codes[parts == part]).tolist() == pytest.approx(
            [600 * share, 300 * share, 100 * share], abs=1
        )


def test_a_rare_class_is_in_every_part() -> None:
    codes = np.repeat([0, 1], [94, 6])
    parts = split_rows(100, SHARES, seed=0, strata=codes)
    assert np.bincount(parts[codes == 1]).tolist() == [2, 2, 2]


def test_a_class_without_rows_is_no_trouble() -> None:
    parts = split_rows(100, SHARES, seed=0, strata=np.repeat([0, 2], 50))
    assert np.bincount(parts).tolist() == [68, 16, 16]


@pytest.mark.parametrize("n_groups", [3, 10, 200, 20_000])
def test_groups_stay_together(n_groups: int) -> None:
    groups = np.random.default_rng(0).integers(0, n_groups, 40_000)
    groups = np.unique(groups, return_inverse=True)[1]
    parts = split_rows(40_000, SHARES, seed=0, groups=groups)
    first = np.zeros(groups.max() + 1, int)
    first[groups] = parts
    assert (first[groups] == parts).all()
    assert set(parts.tolist()) == {TRAIN, VALID, TEST}
    if n_groups > 100:
        assert np.bincount(parts) / 40_000 == pytest.approx([0.7, 0.15, 0.15], abs=0.02)


def test_groups_of_one_class_are_spread_over_the_parts() -> None:
    groups = np.repeat(np.arange(100), 10)
    codes = (groups >= 80).astype(int)
    parts = split_rows(1000, SHARES, seed=0, strata=codes, groups=groups)
    rates = [codes[parts == part].mean() for part in (TRAIN, VALID, TEST)]
    assert rates == pytest.approx([0.2, 0.2, 0.2], abs=0.03)
