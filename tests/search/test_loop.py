"""The loop over a free `train`: what it records, when it ends, how it goes on."""

from __future__ import annotations

import threading
import time
from itertools import pairwise

import pytest
from spaces import dense_space

from nas_core.agents.first import BeginWith
from nas_core.agents.registry import make_agent
from nas_core.envs.settings import EnvSettings
from nas_core.errors import JobError
from nas_core.evaluation.evaluation import Evaluation
from nas_core.evaluation.ledger import Ledger
from nas_core.search.loop import Limits, Search


class Watch:
    """Never stops by itself; remembers what it was told."""

    def __init__(self, stop_after=None):
        self.lines, self.stop_after = [], stop_after

    def used(self):
        return 0.0

    def reason_to_stop(self):
        return "a person asked" if self.stop_after is not None and len(self.lines) >= self.stop_after else None

    def recorded(self, entry, number):
        self.lines.append((number, entry))


class Trainer:
    """Deeper is better; remembers what it trained."""

    def __init__(self, fails=lambda architecture: False):
        self.trained, self.fails, self.lock = [], fails, threading.Lock()

    def __call__(self, architecture):
        with self.lock:
            self.trained.append(architecture)
        time.sleep(0.001 * (hash(architecture) % 5))
        if self.fails(architecture):
            return Evaluation(architecture, None, error="it was meant to fail")
        return Evaluation(architecture, len(architecture) / 10, parameters=100)


def searched(path, limits, *, algorithm="layerwise", n_workers=3, ahead=2, trainer=None, watch=None, first=()):
    space, settings = dense_space(), EnvSettings(algorithm=algorithm)
    trainer, watch, ledger = trainer or Trainer(), watch or Watch(), Ledger(path)
    agent = BeginWith([first], make_agent("random", space, settings, 0), space)
    reason = Search(space, settings, agent, ledger, trainer, watch).run(limits, n_workers, ahead=ahead)
    return ledger, trainer, reason


def proposed(ledger, before=10**6):
    """What was measured in the rounds before `before`, in the order of proposal."""
    return [entry.evaluation.architecture for entry in ledger.before(before)]


@pytest.mark.parametrize("algorithm", ["layerwise", "whole"])
def test_as_many_different_networks_as_the_limit_says(tmp_path, algorithm):
    ledger, trainer, reason = searched(tmp_path / "c.jsonl", Limits(30), algorithm=algorithm)
    assert "30 candidates" in reason
    assert len(ledger) == 30
    assert len({entry.evaluation.architecture for entry in ledger}) == 30
    assert len(set(trainer.trained)) == len(trainer.trained)
    assert [number for number, _ in enumerate(ledger)] == list(range(30))


def test_layer_by_layer_trains_every_prefix_before_the_network(tmp_path):
    ledger, trainer, _ = searched(tmp_path / "c.jsonl", Limits(40))
    seen = set()
    for architecture in trainer.trained:
        assert len(architecture) == 1 or architecture.prefix(len(architecture) - 1) in seen
        seen.add(architecture)
    assert any(len(entry.evaluation.architecture) > 2 for entry in ledger)


def test_workers_change_the_order_of_arrival_but_not_the_proposals(tmp_path):
    two, _, _ = searched(tmp_path / "2.jsonl", Limits(60), n_workers=2)
    four, _, _ = searched(tmp_path / "4.jsonl", Limits(60), n_workers=4)
    assert_same_proposals(two, four)


def assert_same_proposals(one, other):
    """In the rounds that both have begun and, since the next one is played beside them, finished."""
    complete = min(max(e.round for e in one), max(e.round for e in other)) - 1
    assert complete >= 2
    assert proposed(one, complete) == proposed(other, complete)


@pytest.mark.parametrize("algorithm", ["layerwise", "whole"])
def test_a_killed_search_goes_on_with_what_it_would_have_proposed(tmp_path, algorithm):
    alone = {"algorithm": algorithm, "n_workers": 1, "ahead": 0}
    whole, _, _ = searched(tmp_path / "whole.jsonl", Limits(40), **alone)
    path = tmp_path / "killed.jsonl"
    searched(path, Limits(40), **alone, watch=Watch(stop_after=13))
    with path.open("a") as file:
        file.write('{"number": 13, "rou')
    ledger, trainer, _ = searched(path, Limits(40), **alone)
    assert proposed(ledger) == proposed(whole)
    assert len(trainer.trained) == 40 - 13


@pytest.mark.parametrize("ahead", [2, 4])
@pytest.mark.parametrize("algorithm", ["layerwise", "whole"])
@pytest.mark.parametrize("killed_after", [3, 13, 26])
def test_so_does_one_that_was_ahead(tmp_path, algorithm, killed_after, ahead):
    how = {"algorithm": algorithm, "n_workers": 4, "ahead": ahead}
    whole, _, _ = searched(tmp_path / "whole.jsonl", Limits(60), **how)
    path = tmp_path / "killed.jsonl"
    before, _, _ = searched(path, Limits(60), **how, watch=Watch(stop_after=killed_after))
    ledger, trainer, _ = searched(path, Limits(60), **how)
    assert_same_proposals(ledger, whole)
    assert not {entry.evaluation.architecture for entry in before} & set(trainer.trained)


@pytest.mark.parametrize(
    ("ahead", "expected"),
    [
        (0, [(0, 0, 0), (1, 4, 0), (2, 8, 0)]),
        (1, [(0, 0, 0), (1, 3, 1), (2, 7, 1)]),
        (4, [(0, 0, 0), (1, 0, 4), (2, 4, 4)]),
    ],
)
def test_the_last_networks_of_a_round_are_under_way_when_others_are_proposed(tmp_path, ahead, expected):
    """Round, results known and networks under way at each proposal."""
    space, settings, asked = dense_space(), EnvSettings(algorithm="whole"), []
    agent = make_agent("random", space, settings, 0)

    class Asked:
        def propose(self, entries, n, round_, pending):
            asked.append((round_, len(entries), len(pending)))
            return agent.propose(entries, n, round_, pending)

    search = Search(space, settings, Asked(), Ledger(tmp_path / "c.jsonl"), Trainer(), Watch())
    search.run(Limits(12), 2, 4, ahead)
    assert asked[:3] == expected


def test_with_many_workers_the_slowest_holds_nobody_up(tmp_path):
    """One training waits until far more networks than were begun with it are done."""
    many = threading.Event()

    class OneIsSlow(Trainer):
        def __call__(self, architecture):
            with self.lock:
                is_first = not self.trained
                self.trained.append(architecture)
            if is_first:
                assert many.wait(20)
            elif len(self.trained) == 60:
                many.set()
            return Evaluation(architecture, len(architecture) / 10, parameters=100)

    trainer = OneIsSlow()
    many_workers = {"algorithm": "whole", "n_workers": 8, "ahead": 8}
    ledger, _, reason = searched(tmp_path / "c.jsonl", Limits(80), **many_workers, trainer=trainer)
    assert "80 candidates" in reason
    assert many.is_set()
    assert len(set(trainer.trained)) == len(trainer.trained)
    assert max(entry.round for entry in ledger) > 5


@pytest.mark.parametrize("algorithm", ["layerwise", "whole"])
def test_a_killed_search_with_many_workers_goes_on_and_trains_nothing_twice(tmp_path, algorithm):
    path = tmp_path / "c.jsonl"
    how = {"algorithm": algorithm, "n_workers": 8, "ahead": 8}
    searched(path, Limits(60), **how, watch=Watch(stop_after=25))
    known = {entry.evaluation.architecture for entry in Ledger(path)}
    ledger, after, _ = searched(path, Limits(60), **how)
    assert len(ledger) == 60
    assert not known & set(after.trained)


def test_the_agent_is_told_what_is_under_way(tmp_path):
    told = []

    class Listening:
        def __init__(self, agent):
            self.agent = agent

        def propose(self, entries, n, round_, pending=()):
            told.append(({*(entry.evaluation.architecture for entry in entries)}, pending))
            return self.agent.propose(entries, n, round_, pending)

    space, settings, ledger = dense_space(), EnvSettings(algorithm="whole"), Ledger(tmp_path / "c.jsonl")
    agent = Listening(make_agent("random", space, settings, 0))
    Search(space, settings, agent, ledger, Trainer(), Watch()).run(Limits(60), 8, ahead=8)
    assert told[0] == (set(), ())
    assert all(pending for _, pending in told[1:])
    told.clear()
    Search(space, settings, agent, Ledger(tmp_path / "few.jsonl"), Trainer(), Watch()).run(Limits(40), 4, ahead=4)
    for (known, _), (later, pending) in pairwise(told[1:]):
        assert len(pending) == 4
        assert len(later - known) == 4
    told.clear()
    Search(space, settings, agent, Ledger(tmp_path / "one.jsonl"), Trainer(), Watch()).run(Limits(20), 1)
    assert not any(pending for _, pending in told)


def test_the_first_network_comes_first(tmp_path):
    ledger, _, _ = searched(tmp_path / "c.jsonl", Limits(5), algorithm="whole", first=(3, 7), n_workers=1)
    entry = next(iter(ledger))
    assert entry.agent == "default"
    assert dense_space().vocabulary.encode(entry.evaluation.architecture) == (3, 7)


def test_patience_ends_a_search_without_gain(tmp_path):
    ledger, _, reason = searched(tmp_path / "c.jsonl", Limits(500, patience=15), algorithm="whole", n_workers=1)
    best = max(range(len(ledger)), key=lambda i: list(ledger)[i].reward)
    assert "15 candidates in a row" in reason
    assert len(ledger) - 1 - best == 15


def test_a_person_can_stop_it(tmp_path):
    ledger, _, reason = searched(tmp_path / "c.jsonl", Limits(500), watch=Watch(stop_after=7), n_workers=1)
    assert reason == "a person asked"
    assert len(ledger) == 7


def test_failures_are_recorded_and_the_search_goes_on(tmp_path):
    trainer = Trainer(fails=lambda architecture: len(architecture) == 2)
    ledger, _, _ = searched(tmp_path / "c.jsonl", Limits(30), trainer=trainer)
    failed = [entry for entry in ledger if entry.evaluation.is_failed]
    assert failed
    assert all(entry.reward is None and entry.evaluation.error == "it was meant to fail" for entry in failed)
    # What cannot be trained is not built upon.
    assert max(len(architecture) for architecture in trainer.trained) == 2
    assert not ledger.best()[0].evaluation.is_failed


def test_ten_failures_in_a_row_end_the_stage_with_the_reason(tmp_path):
    with pytest.raises(JobError, match="10 candidates in a row could not be trained; the last one: it was meant"):
        searched(tmp_path / "c.jsonl", Limits(100), trainer=Trainer(fails=lambda architecture: True))


def test_what_comes_in_after_the_end_is_no_result(tmp_path):
    """A training that is under way when a person stops the search is not recorded."""
    started, release = threading.Event(), threading.Event()

    class Slow(Trainer):
        def __call__(self, architecture):
            if len(self.trained) == 3:
                started.set()
                release.wait(10)
            return super().__call__(architecture)

    class Stopping(Watch):
        def reason_to_stop(self):
            return "a person asked" if started.is_set() else None

    ledger, _, _ = searched(tmp_path / "c.jsonl", Limits(100), trainer=Slow(), watch=Stopping(), n_workers=1)
    assert len(ledger) == 3
    release.set()
    time.sleep(0.2)
    assert len(Ledger(tmp_path / "c.jsonl")) == 3


def test_a_space_that_is_used_up_ends_the_search(tmp_path):
    space, settings, ledger = dense_space(max_layers=1), EnvSettings(), Ledger(tmp_path / "c.jsonl")
    agent = make_agent("random", space, settings, 0)
    reason = Search(space, settings, agent, ledger, Trainer(), Watch()).run(Limits(1000), 2)
    assert reason == "every network of the space has been tried"
    assert len(ledger) == len(space.vocabulary) - 1
