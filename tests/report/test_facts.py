"""Facts of a finished run."""

from __future__ import annotations

from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from made_up_run import MakeRun, ledger_lines, write_ledger
from openpyxl import load_workbook

from nas_core.report import outcome
from nas_core.report.advice import Story, next_steps
from nas_core.report.excel.workbook import write_workbook
from nas_core.report.facts import read_facts, to_json
from nas_core.report.rows import ThresholdFacts
from nas_core.runs import layout
from nas_core.runs.records import append_line, read_json, read_lines, write_json
from nas_core.runs.run import Run


def change(run: Run, part: str, **fields: Any) -> None:
    write_json(run.path(part), read_json(run.path(part)) | fields)


@pytest.mark.parametrize("kind", ["labels", "values"])
@pytest.mark.parametrize("n_candidates", [3, 200])
def test_facts_are_those_of_the_files(make_run: MakeRun, kind: str, n_candidates: int) -> None:
    run = make_run(kind, n_candidates)
    facts = read_facts(run)
    metrics = read_json(run.path(layout.METRICS))
    assert facts.test.value == metrics["test"][metrics["metric"]]
    assert facts.search.n_candidates == n_candidates
    assert facts.search.n_failed == sum(candidate.error is not None for candidate in facts.search.candidates)
    assert facts.seconds["total"] == pytest.approx(
        sum(facts.seconds[s] for s in ("prepare", "search", "train", "export"))
    )
    assert sum(layer.share for layer in facts.winner.layers) == pytest.approx(1)
    assert (facts.test.confusion is None) != (facts.test.residuals is None)
    assert read_json(run.path(layout.FACTS)) == to_json(facts)


def test_the_best_so_far_only_rises(make_run: MakeRun) -> None:
    best = [c.score for c in read_facts(make_run("labels", 60)).search.candidates if c.is_best]
    assert best == sorted(set(best)) and len(best) > 2


def test_a_lower_loss_is_better_and_a_lower_r2_is_not(make_run: MakeRun) -> None:
    run = make_run("values", 3)
    assert {v.outcome for v in read_facts(run).test.verdicts} == {"better"}
    change(run, layout.SCHEMA, metric="r2")
    change(run, layout.METRICS, metric="r2", baselines={"linear": {"r2": 0.9}}, random=None)
    (verdict,) = read_facts(run).test.verdicts
    assert verdict.outcome == "worse"
    assert verdict.gain < 0


def test_a_defeat_is_said_in_the_headline_and_in_the_notes(make_run: MakeRun) -> None:
    run = make_run("labels", 3)
    change(run, layout.METRICS, baselines={"majority": {"log_loss": 0.6}, "linear": {"log_loss": 0.05}}, random=None)
    facts = read_facts(run)
    assert "does not beat the linear model" in facts.headline
    assert any("linear model" in note for note in facts.notes)


def test_a_network_that_is_as_good_as_guessing_says_whether_there_is_something_to_learn(make_run: MakeRun) -> None:
    run = make_run("labels", 3)
    change(run, layout.METRICS, baselines={"majority": {"log_loss": 1e-3}, "linear": {"log_loss": 0.05}}, random=None)
    assert not any("say nothing" in note for note in read_facts(run).notes)
    change(run, layout.METRICS, baselines={"majority": {"log_loss": 1e-3}})
    assert any("say nothing" in note for note in read_facts(run).notes)


def test_of_pictures_advice_speaks_of_pictures() -> None:
    steps = [next_steps(Story((), {}, [], [], has_pictures=is_so))[-1] for is_so in (False, True)]
    assert ["rows.csv" in steps[0], "pictures/" in steps[1]] == [True, True]


def test_confusion_counts_every_test_row(make_run: MakeRun) -> None:
    confusion = read_facts(make_run("labels", 3)).test.confusion
    assert confusion is not None
    assert sum(map(sum, confusion.matrix)) == 86
    assert [sum(row) for row in confusion.matrix] == [about.n_rows for about in confusion.per_class]


def test_certainty_rises_as_the_policy_settles(make_run: MakeRun) -> None:
    candidates = read_facts(make_run("labels", 100)).search.candidates
    first, last = candidates[0].certainty, candidates[-1].certainty
    assert first is not None and last is not None
    assert first < 0.2 and last > 0.8
    assert all(sum(c.policy) == pytest.approx(1, abs=1e-3) for c in candidates if c.policy)


def test_a_ledger_without_probabilities_is_read(make_run: MakeRun) -> None:
    run = make_run("labels", 5)
    write_ledger(run, [line | {"probabilities": None} for line in ledger_lines(5)])
    assert {c.policy for c in read_facts(run).search.candidates} == {None}


def test_those_that_were_trained_longer_say_how(make_run: MakeRun, tmp_path: Path) -> None:
    run = make_run("labels", 5)
    third = next(islice(read_lines(run.path(layout.CANDIDATES)), 2, None))
    again = third | {"epochs": 40, "share": 0.5, "metrics": {"log_loss": 0.25}, "score": -0.25}
    append_line(run.path(layout.PROMOTED), again)
    facts = read_facts(run)
    candidates = facts.search.candidates
    assert [c.longer is not None for c in candidates] == [c.fingerprint == again["fingerprint"] for c in candidates]
    longer = candidates[2].longer
    assert longer is not None
    assert (longer.value, longer.epochs, longer.share, longer.n_folds) == (0.25, 40, 0.5, 1)
    write_workbook(facts, tmp_path / "report.xlsx", {})
    rows = list(load_workbook(tmp_path / "report.xlsx")["Candidates"].iter_rows(values_only=True))
    assert any(str(cell).startswith("Trained longer") for row in rows for cell in row)
    assert any(row[-5:-1] == (0.25, 40, 0.5, 1) for row in rows)


def test_neither_passwords_nor_signatures_leave_the_house(make_run: MakeRun) -> None:
    run = make_run("labels", 3)
    read_facts(run)
    assert "secret" not in run.path(layout.FACTS).read_text()


def test_what_layers_earned_and_are_worth_stands_beside_them_when_members_come_first(make_run: MakeRun) -> None:
    run = make_run("labels", 40)
    prefixes: dict[int, float] = {}
    best = read_json(run.path(layout.BEST))
    lines = ledger_lines(40, seed=3)
    for n in range(1, len(best["architecture"]) + 1):  # the search measured every prefix of the winner
        prefixes[n] = -1.0 + 0.1 * n**2
        lines.append(lines[0] | {"number": 40 + n, "architecture": best["architecture"][:n], "reward": prefixes[n]})
        lines[-1]["fingerprint"] = best["fingerprint"] if n == len(best["architecture"]) else f"prefix {n}"
    write_ledger(run, lines)
    winner = read_json(run.path(layout.ARCHITECTURE))
    members = {"layer": "members", "params": {"count": 8}, "output_shape": [8, 33], "parameters": 264, "flops": 264}
    layers = [winner["layers"][0], members, *winner["layers"][1:]]
    change(run, layout.ARCHITECTURE, layers=layers, fingerprint="other", candidate=best["fingerprint"])
    write_json(run.path(layout.ABLATION), [{"layer": 2, "fall": 0.25, "std": 0.01}])
    read = read_facts(run).winner.layers
    gains = [
        None,
        None,
        None,
        *(pytest.approx(prefixes[n] - prefixes[n - 1]) for n in range(2, len(prefixes) + 1)),
        None,
    ]
    assert [layer.earned for layer in read] == gains
    assert [layer.worth for layer in read] == [0.25 if place == 2 else None for place in range(len(read))]


def thresholds(*f1_and_recall: tuple[float, float, float]) -> list[ThresholdFacts]:
    return [ThresholdFacts(threshold, 0.6, recall, f1, 10) for threshold, recall, f1 in f1_and_recall]


def test_a_lower_threshold_is_advised_where_most_are_missed() -> None:
    rare = thresholds((0.2, 0.7, 0.65), (0.5, 0.3, 0.4))
    found = thresholds((0.2, 0.9, 0.65), (0.5, 0.6, 0.6))
    steps = {
        name: next_steps(Story((), {"train": 5_000}, [False] * 50, [False] * 50, "en", "fraud", given))
        for name, given in (("rare", rare), ("found", found))
    }
    (advice,) = set(steps["rare"]) - set(steps["found"])
    assert "30 % of fraud" in advice and "from 20 % on it is 70 %" in advice


def test_what_is_not_proven_against_a_linear_model_is_no_reason_to_take_it(make_run: MakeRun) -> None:
    run = make_run("labels", 3)
    with np.load(run.path(layout.TEST_OUTPUTS)) as saved:
        outputs = dict(saved)
    rng = np.random.default_rng(0)
    outputs["linear"] = np.clip(outputs["network"] + rng.normal(0, 0.1, outputs["network"].shape), 0.01, None)
    np.savez(run.path(layout.TEST_OUTPUTS), **outputs)
    facts = read_facts(run)
    (linear,) = [verdict for verdict in facts.test.verdicts if verdict.rival == "linear"]
    assert linear.outcome == "unproven"
    assert any("not proven on these test rows; the linear model is simpler" in note for note in facts.notes)
    assert not any("Use the simpler model" in step for step in facts.next)


def test_what_calibration_gave_is_said() -> None:
    labels = {"temperature": 0.68, "n_rows": 1372, "error_before": 0.031, "error_after": 0.008}
    assert "3.1 % on average as trained, and is by 0.8 %" in str(outcome.calibrated(labels, "en"))
    assert "nothing to mend" in str(outcome.calibrated(labels | {"temperature": 1.0}, "en"))
    values = {"level": 0.9, "margin": 99_512.3, "n_rows": 495, "coverage": 0.916, "width": 2.0}
    assert "± 99\u202f500" in str(outcome.calibrated(values, "ru")) and "92 %" in str(outcome.calibrated(values, "ru"))
    assert outcome.calibrated(values | {"margin": None, "coverage": None}, "en") is None
