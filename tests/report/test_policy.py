"""Choices gathered into a few rows."""

from __future__ import annotations

from nas_core.report.policy import MAX_ROWS, certainty, group_choices, shares

WIDTHS = [
    {"layer": "dense", "units": units, "activation": a}
    for units in (8, 16, 32, 64)
    for a in ("relu", "gelu", "tanh", "elu")
]


def test_a_small_vocabulary_keeps_its_choices() -> None:
    grouping = group_choices([{"layer": "stop"}, *WIDTHS[:5]])
    assert grouping.row_of == tuple(range(6))


def test_the_parameter_with_fewest_values_is_dropped_first() -> None:
    many = [w | {"batch": flag} for w in WIDTHS for flag in (True, False)]
    titles = [row.title for row in group_choices([{"layer": "stop"}, *many], 6).rows]
    assert titles == ["stop", "dense 8", "dense 16", "dense 32", "dense 64"]


def test_rows_are_few_however_many_choices() -> None:
    many = [{"layer": "dense", "units": units} for units in range(1, 500)]
    grouping = group_choices([{"layer": "stop"}, *many])
    assert len(grouping.rows) <= MAX_ROWS
    assert grouping.row_of == (0, *[1] * 499)


def test_shares_are_means_over_the_places() -> None:
    grouping = group_choices([{"layer": "stop"}, {"layer": "dense", "units": 8}, {"layer": "dropout", "rate": 0.1}])
    places = [[0.0, 1.0, 0.0], [0.5, 0.25, 0.25]]
    assert shares(places, grouping) == (0.25, 0.625, 0.125)
    assert certainty(places, grouping) == 0.75
    assert shares(None, grouping) is None
    assert certainty([], grouping) is None
