"""Numbers, times and layers in words."""

from __future__ import annotations

import pytest

from nas_core.report import words


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (0.97, "0.9700"),
        (53412.7, "53,413"),
        (0.00001234, "1.234e-05"),
        (None, "–"),
        (float("nan"), "–"),
        (12, "12"),
        (-0.5, "-0.5000"),
    ],
)
def test_number(value: float | None, said: str) -> None:
    assert words.number(value) == said


@pytest.mark.parametrize(
    ("seconds", "said"), [(0.04, "0.0 s"), (59.97, "1 min 00 s"), (112, "1 min 52 s"), (7500, "2 h 05 min")]
)
def test_duration(seconds: float, said: str) -> None:
    assert words.duration(seconds) == said


def test_a_layer_in_words() -> None:
    layer = {"layer": "dense", "activation": "relu", "units": 64, "bias": True, "norm": False}
    assert words.layer(layer) == "dense 64 relu bias"


def test_texts_from_outside_are_one_line_without_control_characters() -> None:
    assert words.printable("a\x1b[31m\nb\x00") == "a[31m b"


@pytest.mark.parametrize(
    ("uri", "shown"),
    [
        ("https://me:pass@example.org/a.csv?key=1", "https://example.org/a.csv?…"),
        ("s3://bucket/a.csv", "s3://bucket/a.csv"),
        ("/data/a?b.csv", "/data/a?b.csv"),
    ],
)
def test_addresses_lose_their_secrets(uri: str, shown: str) -> None:
    assert words.without_secrets(uri) == shown
