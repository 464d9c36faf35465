"""The film and its frames."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import imageio.v2 as imageio
import numpy as np
import pytest
from made_up_run import MakeRun, ledger_lines, write_ledger
from PIL import Image, ImageChops

from nas_core.report.animation import Film, write_film
from nas_core.report.drawing import drawable, fitted, font, text_width
from nas_core.report.facts import Facts, read_facts
from nas_core.report.frames import FPS, SIZE, SearchFrames, WinnerFrames, n_search_frames, pace
from nas_core.runs import layout
from nas_core.runs.run import Run


def search_frames(run: Any, lines: list[dict[str, Any]]) -> list[Image.Image]:
    write_ledger(run, lines)
    return list(SearchFrames(read_facts(run)))


@pytest.mark.parametrize("n", [1, 3, 100, 20_000])
def test_the_film_lasts_as_long_however_many_candidates(n: int) -> None:
    n_frames = n_search_frames(n)
    known = pace(n, n_frames)
    assert 15 <= n_frames / FPS + 6.8 <= 30
    assert known[0] >= 1 and known[-1] == n
    assert known == sorted(known)


@pytest.mark.parametrize(
    "later", [{"score": None, "metrics": {}, "error": "NaN"}, {"score": 5.0, "metrics": {"log_loss": -5.0}}]
)
def test_a_frame_knows_only_what_the_ledger_knew(make_run: MakeRun, later: dict[str, Any]) -> None:
    run = make_run("labels", 30)
    lines = ledger_lines(30)
    frames = search_frames(run, lines)
    changed = search_frames(run, [*lines[:20], lines[20] | later, *lines[21:]])
    known = pace(30, len(frames))
    same = [ImageChops.difference(one, other).getbbox() is None for one, other in zip(frames, changed, strict=True)]
    before = known.index(21)
    assert all(same[:before])
    assert not same[before]


def first_change(run: Run, part: str, lines: list[dict[str, Any]], other: list[dict[str, Any]]) -> int:
    """The first frame that differs when the file `part` holds `other` lines."""
    films = []
    for version in (lines, other):
        run.path(part).write_text("".join(json.dumps(line) + "\n" for line in version))
        films.append(list(SearchFrames(read_facts(run))))
    return next(place for place, (a, b) in enumerate(zip(*films, strict=True)) if ImageChops.difference(a, b).getbbox())


def test_random_search_is_known_as_far_as_the_agents(make_run: MakeRun) -> None:
    run = make_run("labels", 30)
    lines = ledger_lines(30, seed=1)
    better = lines[12] | {"score": 0.0, "metrics": {"log_loss": 0.0}}
    changed = first_change(run, layout.RANDOM_SEARCH, lines, [*lines[:12], better, *lines[13:]])
    assert changed == pace(30, n_search_frames(30)).index(13)


def test_a_resume_is_shown_when_the_search_went_on(make_run: MakeRun) -> None:
    run = make_run("labels", 30)
    first, second = {"n_candidates": 0, "seconds": 0.0}, {"n_candidates": 15, "seconds": 9.0}
    changed = first_change(run, layout.SESSIONS, [first], [first, second])
    assert changed == pace(30, n_search_frames(30)).index(16)


def test_nothing_flickers(make_run: MakeRun) -> None:
    """What no candidate changes is the same in every frame."""
    frames = search_frames(make_run("labels", 12), ledger_lines(12))
    still = [np.asarray(frame.crop((0, 0, 720, 100))) for frame in frames]
    assert all((one == still[0]).all() for one in still)


@pytest.mark.parametrize("kind", ["labels", "values"])
def test_nothing_is_cut_off(make_run: MakeRun, kind: str) -> None:
    texts = ["a target with a very long name that goes on and on " * 4, "W" * 300, "reason " * 200]
    facts = read_facts(make_run(kind, 12, texts=texts))
    for frame in (*list(SearchFrames(facts))[::20], WinnerFrames(facts).frame(1.0)):
        assert frame.size == SIZE
        edge = np.asarray(frame)
        assert (edge[:, -16:] == edge[0, -1]).all() and (edge[:, :16] == edge[0, 0]).all()


def test_texts_are_fitted_into_their_place() -> None:
    long = fitted("a very long name of a very long target", 16, 100)
    assert text_width(long, 16) <= 100
    assert long.endswith("…")
    assert drawable("日本 é") == "?? é"
    assert font(20) is font(20)


def test_a_search_of_one_or_of_failures_only_is_shown(make_run: MakeRun) -> None:
    run = make_run("labels", 3)
    failed = [line | {"score": None, "metrics": {}, "error": "NaN", "probabilities": None} for line in ledger_lines(4)]
    assert len(search_frames(run, ledger_lines(1))) == n_search_frames(1)
    assert len(search_frames(run, failed)) == n_search_frames(4)


@pytest.mark.slow
def test_both_films_play(make_run: MakeRun, tmp_path: Path) -> None:
    facts: Facts = read_facts(make_run("values", 40))
    pictures = write_film(facts, tmp_path / "a.mp4", tmp_path / "a.gif", tmp_path / "figures")
    n_frames = sum(1 for _ in Film(facts))
    with imageio.get_reader(tmp_path / "a.mp4") as film:
        about = film.get_meta_data()
        assert about["source_size"] == SIZE
        assert about["codec"] == "h264" and about["pix_fmt"].startswith("yuv420p")
        assert 15 <= about["duration"] <= 30
        assert film.count_frames() == n_frames
    with Image.open(tmp_path / "a.gif") as gif:
        assert gif.size == (640, 360)
        assert abs(getattr(gif, "n_frames", 0) - n_frames / 2) <= 2
    assert (tmp_path / "a.gif").stat().st_size < 3_000_000
    assert {Image.open(path).size for path in pictures.values()} == {SIZE}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.gif", "a.mp4", "figures", "runs"]
