"""A pool of real Ray actors: a worker that dies costs its candidate only, and nothing is left behind."""

from __future__ import annotations

import os
import signal
import threading
import time

import psutil
import pytest
from samples import prepare_sample

from nas_core.errors import JobError
from nas_core.evaluation.candidate import Recipe
from nas_core.evaluation.pool import Pool, default_workers
from nas_core.evaluation.settings import EvaluationSettings
from nas_core.space.architecture import Architecture, Choice

NETWORK = Architecture((Choice.of("dense", units=256, activation="relu"),) * 6)


@pytest.mark.slow
def test_a_dead_worker_costs_its_candidate_only(tmp_path):
    data = prepare_sample(tmp_path, "tabular_regression")
    recipe = Recipe(500, 0, 0.002, 0, inherits=False)  # half a second or more
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(cores)})  # one core, whatever the machine has: one worker
    pool = Pool(data, recipe, EvaluationSettings())
    try:
        first = pool.train(Architecture((Choice.of("dense", units=32, activation="relu"),)), None)
        assert not first.is_failed
        assert first.memory > 100 * 2**20
        assert first.waited >= 0
        assert not any("monitor" in command for command in commands())  # of Ray's processes those without a use here
        wide = Architecture((Choice.of("dense", units=256, activation="relu"),))
        killed = kill_during(lambda: pool.train(wide, None))
        assert killed.is_failed
        assert "died" in killed.error
        # What Keras cannot build is a failed candidate too, and its worker lives on.
        odd = pool.train(Architecture((Choice.of("dense", units=-1, activation="relu"),)), None)
        assert odd.is_failed
        assert "ValueError" in odd.error
        assert not pool.train(Architecture((Choice.of("dense", units=64, activation="relu"),)), None).is_failed
        # Closing while a candidate is under way ends it at once.
        under_way = threading.Thread(target=pool.train, args=(NETWORK, None))
        under_way.start()
        time.sleep(0.2)
        workers = [psutil.Process(pid) for pid in trainers()]
    finally:
        pool.close()
        os.sched_setaffinity(0, cores)
    under_way.join(10)
    assert not under_way.is_alive()
    psutil.wait_procs(workers, timeout=10)
    assert not trainers()


def kill_during(work):
    """The result of `work`, whose worker is killed as soon as it is at it."""
    (victim,) = trainers()
    timer = threading.Timer(0.05, os.kill, (victim, signal.SIGKILL))
    timer.start()
    return work()


def commands():
    """The command lines of all processes of the pool."""
    return [" ".join(process.cmdline()) for process in psutil.Process().children(recursive=True)]


def trainers():
    """Process ids of the workers (Ray names a process after its actor)."""
    return [process.pid for process in psutil.Process().children(recursive=True) if is_trainer(process)]


def is_trainer(process):
    try:
        return process.cmdline()[0].startswith("ray::Trainer")
    except (psutil.Error, IndexError):
        return False


def test_workers_follow_cores_or_shares_of_a_gpu():
    assert default_workers({"CPU": 8.0}, 0) == 8
    assert default_workers({"CPU": 8.0, "GPU": 1.0}, 0.25) == 4
    with pytest.raises(JobError, match="`gpus_per_candidate` is 1, but Ray sees 0 GPUs"):
        default_workers({"CPU": 8.0}, 1)
