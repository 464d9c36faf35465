"""How much a candidate is trained follows the rows and the budget."""

from __future__ import annotations

from nas_core.evaluation.fidelity import (
    EPOCHS,
    OF_TABLES,
    Pace,
    affordable_epochs,
    default_epochs,
    default_round,
    default_share,
    shrink_of,
)


def test_few_rows_are_seen_more_often():
    assert default_epochs(100_000, 0) == EPOCHS
    assert default_epochs(320, 32) == 30  # 300 steps of 32 rows
    assert default_epochs(320, 320) == 300


def test_all_rows_where_the_budget_is_enough_for_many_candidates():
    assert default_share(50_000, 0, seconds=75) == 1
    assert default_share(5_000_000, 0, seconds=3 * 3600) == 1


def test_a_part_of_many_rows_in_a_short_search():
    share = default_share(10_000_000, 0, seconds=75)
    assert share * 10_000_000 * EPOCHS * OF_TABLES.candidates <= 1.01 * 75 * OF_TABLES.rows
    assert default_share(10_000_000, 2, seconds=75) > 2.9 * share
    assert default_share(10_000_000, 0, seconds=1) == OF_TABLES.least_rows / 10_000_000


def test_large_pictures_are_halved_for_candidates():
    assert [shrink_of(shape) for shape in ((28, 28, 1), (64, 64, 3), (128, 63, 3), (5,))] == [1, 2, 1, 1]


def test_of_pictures_a_candidate_learns_from_few():
    pace = Pace(1_000, 40, 1_000, of_pictures=True, epochs=4, least_steps=120)
    assert default_share(5_000, 0, seconds=60, pace=pace) == 0.2
    assert default_epochs(1_000, 0, pace) == 4
    assert default_epochs(320, 0, pace) == 12


def test_large_pictures_in_many_folds_are_seen_less_often():
    pace = Pace(800, 40, 1_000, of_pictures=True, epochs=4, least_steps=120)
    assert [affordable_epochs(600, seconds, pace) for seconds in (20, 60, 600)] == [4, 8, 80]


def test_rounds_are_larger_where_trainings_are_short():
    assert default_round(400, epochs=60, flops=50_000) == 8
    assert default_round(30_000, epochs=6, flops=300_000) == 5
    assert default_round(30_000, epochs=6, flops=20_000_000) == 4
