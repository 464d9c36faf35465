"""Folds hold every row out once, spread the target evenly, and leave groups alone."""

from __future__ import annotations

import csv
import random
from pathlib import Path

import numpy as np
import pytest
from samples import prepare

from nas_core.data.folds import FEW_ROWS, N_FOLDS, count_folds, count_judges, deal, make_folds, set_aside, thin
from nas_core.data.prepared import Prepared, Split


def prepared(folder: Path, n_rows: int, **fields) -> Prepared:
    rng = random.Random(0)
    with (folder / "rows.csv").open("w", newline="") as file:
        rows = ([row, rng.random(), row // 10, "yes" if rng.random() < 0.2 else "no"] for row in range(n_rows))
        csv.writer(file).writerows([["number", "x", "house", "answer"], *rows])
    return prepare(folder, {"dataset_uri": str(folder / "rows.csv"), "target": "answer"} | fields)


def test_every_row_is_held_out_once_and_never_learned_from_then(tmp_path):
    data = prepared(tmp_path, 300, column_types={"number": "numeric"})
    folds = make_folds(data, 5)
    numbers = [[rows.inputs["numeric"][:, 0].tolist() for rows in (fold.train, fold.valid)] for fold in folds]
    everything = {*data.split("train").inputs["numeric"][:, 0], *data.split("valid").inputs["numeric"][:, 0]}
    assert sorted(n for _, valid in numbers for n in valid) == sorted(everything)
    assert all({*train} | {*valid} == everything and not {*train} & {*valid} for train, valid in numbers)
    assert sum(len(fold.valid) for fold in folds) == count_judges(data, 5) == len(everything)
    shares = [float(np.mean(fold.valid.target)) for fold in folds]
    assert max(shares) - min(shares) < 0.05


@pytest.mark.parametrize("target", [np.arange(103) % 3, np.random.default_rng(1).normal(size=103)])
def test_folds_are_of_one_size_and_know_all_values(target):
    number = deal(target, 5)
    assert set(np.bincount(number)) == {20, 21}
    means = [target[number == fold].mean() for fold in range(5)]
    assert np.ptp(means) < 0.35 * target.std()


def test_few_rows_are_cross_validated_many_are_not(tmp_path):
    few = prepared(tmp_path, 300)
    assert count_folds(few, 0) == N_FOLDS
    assert count_folds(few, 3) == 3
    (tmp_path / "many").mkdir()
    many = prepared(tmp_path / "many", 2 * FEW_ROWS)
    assert count_folds(many, 0) == 1
    (fold,), aside = make_folds(many, 1), set_aside(many)
    assert len(fold.train) == len(many.split("train"))
    assert len(fold.valid) == count_judges(many, 1) > 3 * len(aside) > 0
    rows = [rows.inputs["numeric"][:, 0].tolist() for rows in (fold.valid, aside)]
    assert sorted(rows[0] + rows[1]) == sorted(many.split("valid").inputs["numeric"][:, 0].tolist())


def test_a_share_of_the_rows_is_of_them_and_in_their_order():
    rows = Split({"x": np.arange(100)[:, None]}, np.arange(100))
    some = thin(rows, 0.25)
    assert len(some) == 25
    assert (np.diff(some.target) > 0).all()
    assert (some.inputs["x"][:, 0] == some.target).all()
    assert set(some.target) != set(range(25))


def test_rows_of_a_group_stay_in_their_part(tmp_path):
    assert count_folds(prepared(tmp_path, 300, group_column="house"), 5) == 1
