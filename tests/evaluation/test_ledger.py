"""A ledger keeps what it was given, whatever happens to its writer."""

from __future__ import annotations

import json
from dataclasses import replace

from spaces import dense_space, entry

from nas_core.evaluation.ledger import Ledger


def test_entries_come_back_as_they_were(tmp_path):
    space, path = dense_space(), tmp_path / "search" / "candidates.jsonl"
    ledger = Ledger(path)
    entries = [entry(space, (1,), 0.5), entry(space, (2, 3), None), entry(space, (4,), 0.7)]
    assert [ledger.add(e) for e in entries] == [0, 1, 2]
    again = Ledger(path)
    assert list(again) == entries
    assert again.get(entries[1].evaluation.architecture).evaluation.is_failed
    assert again.best(2) == [entries[2], entries[0]]


def test_a_torn_last_line_is_cut_off_and_the_next_one_is_whole(tmp_path):
    space, path = dense_space(), tmp_path / "candidates.jsonl"
    ledger = Ledger(path)
    ledger.add(entry(space, (1,), 0.5))
    with path.open("a") as file:
        file.write('{"number": 1, "round"')
    ledger = Ledger(path)
    assert len(ledger) == 1
    ledger.add(entry(space, (2,), 0.6))
    lines = path.read_text().splitlines()
    assert [json.loads(line)["number"] for line in lines] == [0, 1]


def test_earlier_rounds_come_in_the_order_of_proposal_not_of_arrival(tmp_path):
    space = dense_space()
    ledger = Ledger(tmp_path / "candidates.jsonl")
    late = [entry(space, (5,), 0.1, 1, 0), entry(space, (2, 3), 0.1, 0, 1), entry(space, (2,), 0.2, 0, 1)]
    first = entry(space, (1,), 0.3, 0, 0)
    for e in [*late, first]:
        ledger.add(e)
    assert ledger.before(1) == [first, late[2], late[1]]


def test_the_smallest_within_a_standard_error_is_trained_in_full_before_the_best(tmp_path):
    def measured(codes, score, parameters, standard_error=0.0):
        evaluation = entry(space, codes, score).evaluation
        evaluation = replace(evaluation, parameters=parameters, standard_error=standard_error)
        return replace(entry(space, codes, score), evaluation=evaluation)

    space, ledger = dense_space(), Ledger(tmp_path / "candidates.jsonl")
    assert ledger.finalists(2) == []
    entries = [measured((1,), 0.5, 10), measured((2,), 0.72, 20), measured((3,), 0.75, 90), measured((4,), 0.73, 30)]
    for e in entries:
        ledger.add(e)
    assert ledger.finalists(3) == [entries[2], entries[3], entries[1]]
    best = measured((5,), 0.76, 99, standard_error=0.05)
    ledger.add(best)
    assert ledger.finalists(3) == [entries[1], best, entries[2]]
    assert ledger.finalists(1) == [entries[1]]


def test_it_counts_what_came_after_the_best_and_the_failures_in_a_row(tmp_path):
    space, path = dense_space(), tmp_path / "candidates.jsonl"
    ledger, counts = Ledger(path), []
    for code, score in enumerate([None, 0.3, 0.5, 0.5, None, None], start=1):
        ledger.add(entry(space, (code,), score))
        counts.append((ledger.since_best, ledger.failed_in_row))
    assert counts == [(0, 1), (0, 0), (0, 0), (1, 0), (2, 1), (3, 2)]
    again = Ledger(path)
    assert (again.since_best, again.failed_in_row, again.last_round) == (3, 2, 0)
