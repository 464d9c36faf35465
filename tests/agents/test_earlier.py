"""Earlier searches: copied once, read as far as they fit, and a help to the next one."""

from __future__ import annotations

import numpy as np
import pytest
from spaces import dense_space, entry, kinship

from nas_core.agents.agent import draw, draw_unseen
from nas_core.agents.earlier import earlier_results, read_results
from nas_core.agents.ppo import PPOAgent
from nas_core.envs.settings import EnvSettings
from nas_core.errors import JobError
from nas_core.evaluation.ledger import Ledger
from nas_core.evaluation.surrogate import Results
from nas_core.runs import layout
from nas_core.runs.run import create_run


def searched_run(root, entries):
    run = create_run(str(root), "earlier", "{}", "1")
    ledger = Ledger(run.path(layout.CANDIDATES))
    for e in entries:
        ledger.add(e)
    return run


def test_a_resumed_search_knows_what_the_first_one_knew(tmp_path):
    space = dense_space()
    earlier = searched_run(tmp_path / "a", [entry(space, (1, 2), 0.5), entry(space, (3,), None)])
    run = create_run(str(tmp_path / "b"), "now", "{}", "1")
    first = earlier_results([earlier.address], run, space)
    assert (first[0].networks, first[0].values) == ([(1, 2), (3,)], [0.5, pytest.approx(0.5, abs=1e-5)])
    Ledger(earlier.path(layout.CANDIDATES)).add(entry(space, (4,), 0.9))
    assert earlier_results([earlier.address], run, space) == first


def test_networks_that_this_search_may_not_propose_are_left_out(tmp_path):
    space = dense_space()
    earlier = searched_run(tmp_path / "a", [entry(space, (1,), 0.5), entry(space, (1, 2, 3, 4), 0.6)])
    assert read_results(earlier.path(layout.CANDIDATES), dense_space(max_layers=3)).networks == [(1,)]


def test_an_address_without_a_search_is_the_users_error(tmp_path):
    run = create_run(str(tmp_path / "b"), "now", "{}", "1")
    with pytest.raises(JobError, match="`warm_start`: there is no search at"):
        earlier_results([str(tmp_path / "nothing")], run, dense_space())
    small = dense_space(max_layers=1)
    deep = searched_run(tmp_path / "a", [entry(dense_space(), (1, 2), 0.5)])
    with pytest.raises(JobError, match="none of the networks"):
        earlier_results([deep.address], run, small)


@pytest.mark.slow
@pytest.mark.usefixtures("ray_on_this_machine")
def test_the_first_round_already_knows_what_was_good():
    """The earlier search had another scale; its best networks and their kin come first."""
    space = dense_space(max_layers=4)
    target = draw(space, np.random.default_rng(9))
    networks = draw_unseen(space, np.random.default_rng(0), {target}, 150)
    earlier = Results(networks, [100 + kinship(space, target, codes) for codes in networks])
    warm = PPOAgent(space, EnvSettings(), 1, [earlier]).propose([], 5, 0)
    cold = PPOAgent(space, EnvSettings(), 1).propose([], 5, 0)
    worth = [[kinship(space, target, proposal.codes) for proposal in proposals] for proposals in (warm, cold)]
    assert np.mean(worth[0]) > np.mean(worth[1]) + 0.15
