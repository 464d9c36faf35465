"""Where the network is weak: found where it is, and not where it is not."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from nas_core.data.types import Column
from nas_core.report.slices import Figures, find_weak, slice_metric

N = 2_000
COLUMNS = [Column("age", "numeric"), Column("town", "categorical"), Column("since", "date", form="year-month-day")]
LABELS = {"classes": ["no", "yes"], "positive": 1}


def made_up(seed: int) -> pa.Table:
    """Raw test rows as people write them."""
    rng = np.random.default_rng(seed)
    ages = [str(age) if age < 80 else "?" for age in rng.integers(18, 85, N)]
    days = np.datetime64("2024-01-01") + rng.integers(0, 700, N)
    return pa.table({"age": ages, "town": rng.choice(["Omsk", "Perm", "Ufa"], N), "since": days.astype(str)})


def classified(table: pa.Table, seed: int, town: str | None) -> Figures:
    """A network that is sure and right in three rows of four, but only guesses in `town`."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(2, size=N)
    share = np.where(rng.random(N) < 0.75, 0.8, 0.3)
    share = np.where(table["town"].to_numpy() == town, 0.5, share)
    output = np.where(truth[:, None] == np.arange(2), share[:, None], 1 - share[:, None])
    return Figures("tabular_classification", LABELS, "log_loss", truth, {"network": output, "linear": output[:, ::-1]})


def test_the_part_in_which_it_only_guesses_is_named() -> None:
    table = made_up(0)
    figures = classified(table, 0, "Perm")
    found = find_weak(table, COLUMNS, figures)
    assert [(each.column, each.where) for each in found.weak] == [("town", "Perm")]
    (weak,) = found.weak
    is_there = table["town"].to_numpy() == "Perm"
    assert weak.n_rows == is_there.sum()
    assert [weak.value, weak.low, weak.high] == [pytest.approx(np.log(2))] * 3
    assert weak.elsewhere < weak.value and weak.linear == pytest.approx(np.log(2))
    assert found.n_looked_at == 3 + 2 * 5 + 1  # towns, fifths of ages and dates, ages that are missing


def test_chance_alone_hardly_ever_names_one() -> None:
    named = [find_weak(made_up(seed), COLUMNS, classified(made_up(seed), seed, None)).weak for seed in range(40)]
    assert sum(bool(weak) for weak in named) <= 5  # two of forty are to be expected


def test_ranges_are_said_as_numbers_and_days_in_the_jobs_language() -> None:
    table, rng = made_up(1), np.random.default_rng(1)
    ages = np.array([float(age) if age != "?" else np.nan for age in table["age"].to_pylist()])
    truth = rng.uniform(0, 10, N)
    late = table["since"].to_numpy() >= "2025-08"
    errors = rng.normal(size=N) * np.where((ages > 67) | np.isnan(ages) | late, 4, 1)
    spec = {"std": 3.0}
    figures = Figures("tabular_regression", spec, "rmse", truth, {"network": (truth + errors)[:, None]})
    where = {(each.column, each.where) for each in find_weak(table, COLUMNS, figures, "ru").weak}
    assert ("age", "пусто") in where
    assert any(column == "age" and text.endswith("до 79") for column, text in where)
    assert any(column == "since" and text.endswith("до 2025-11-30") for column, text in where)


def test_what_compares_rows_with_each_other_is_not_asked_of_a_part() -> None:
    assert slice_metric("tabular_classification", "accuracy") == "accuracy"
    assert slice_metric("tabular_classification", "roc_auc") == "log_loss"
    assert slice_metric("tabular_regression", "r2") == "rmse"


def test_few_rows_say_nothing() -> None:
    table = made_up(0).slice(0, 60)
    figures = classified(made_up(0), 0, "Perm")
    few = Figures(figures.task, LABELS, "log_loss", figures.truth[:60], {"network": figures.outputs["network"][:60]})
    assert find_weak(table, COLUMNS, few).n_looked_at == 0
