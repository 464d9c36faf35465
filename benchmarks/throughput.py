"""Trainings a minute of KerasTuner, of plain Keras and of the product's own search stage, side by side.

    python3.11 -m venv /tmp/kerastuner
    .venv/bin/uv pip install --python /tmp/kerastuner/bin/python -r benchmarks/kerastuner/requirements.txt
    .venv/bin/python benchmarks/throughput.py --kerastuner /tmp/kerastuner/bin/python

All train networks of one space on the same rows, for as many epochs, in batches of one size, with one optimizer and
loss: KerasTuner's random search (kerastuner), ``fit`` in a loop over random networks (plain), the same with the
product's own ``fit`` (keras), and the stage search with the agent on, whole networks (search). Seconds count from the
start of each process, imports and compilation included; those of a core are what the processes used, which says more
where others use the machine too. An agent that knows other results proposes other networks, larger ones or smaller
ones: so rows say how large they were beside random ones, and what several cores did in operations, and ``--seeds`` has
all of it done for several seeds, which also split the rows anew. The last rows hold
the bank against the arithmetic: operations of the networks (forward and both products of the way back, forward alone on
the validation rows) a second, over the rate of matrix products of width 128 and the same batch, measured in the same
process.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import psutil

PROJECT = Path(__file__).parent.parent
EPOCHS = 6
WIDTH = 128


def main() -> None:
    """Print one row a program and dataset, or be one of the programs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tables", type=Path, default=PROJECT.parent / "shared/data/tables")
    parser.add_argument("--kerastuner", type=Path, help="the Python of KerasTuner's environment; without it: not run")
    parser.add_argument("--seconds", type=float, default=120)
    parser.add_argument("--cores", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--datasets", nargs="+", default=list(DATASETS))
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--only", nargs="+", default=["kerastuner", "plain", "keras", "search"])
    parser.add_argument("--program", choices=PROGRAMS, help=argparse.SUPPRESS)
    parser.add_argument("--run", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.program:
        sys.stdout.write(json.dumps(PROGRAMS[arguments.program](arguments.run, arguments.seconds)) + "\n")
        return
    with tempfile.TemporaryDirectory() as folder:
        for dataset in arguments.datasets:
            measure(dataset, Path(folder), arguments)


def measure(dataset: str, folder: Path, arguments: argparse.Namespace) -> None:
    """Run all programs on one dataset, one after the other."""
    fields = DATASETS[dataset](folder, arguments.tables)
    done = list[float]()
    for cores in arguments.cores:
        rates, sizes, where = dict[str, list[float]](), list[int](), f"{dataset:<10} {cores} core(s)"
        for seed in arguments.seeds:
            own_fields = fields | {"n_workers": cores, "seed": seed}
            address = prepare(f"{dataset}-{cores}-{seed}", folder, own_fields, arguments.seconds)
            for name, command in programs(address, seed, arguments).items():
                (n, seconds), busy = run(command, cores)
                rates.setdefault(name, []).append(60 * n / seconds)
                rate = f"{60 * n / seconds:7.1f} a minute, {60 * n / busy:7.1f} a minute of a core"
                say(f"{where}  {name:<11} {rate} ({n} in {seconds:.0f} s, {busy:.0f} s of a core)")
            sizes += [entry.evaluation.flops for entry in tried(address) if not entry.evaluation.is_failed]
        done.append(sum(sizes))
        for name, found in rates.items():
            say(f"{where}  {name:<11} {np.mean(found):7.1f} ± {np.std(found):.1f} a minute ({len(found)} seeds)")
        if {"kerastuner", "search"} <= rates.keys():
            ratio = np.mean(rates["search"]) / np.mean(rates["kerastuner"])
            say(f"{where}  the search makes {ratio:.1f} times as many as KerasTuner")
        say(f"{where}  operations of a network of the search, a row: {np.mean(sizes):,.0f}")
        if len(done) > 1:
            more = f"{done[-1] / done[0]:.2f} times those on {arguments.cores[0]} core(s)"
            say(f"{where}  operations of all networks of the search: {more}")
    for key, value in run(own("bank", address, arguments.seconds), 1)[0].items():
        say(f"{dataset:<10} 1 core(s)  {key}: {value}")


def programs(address: str, seed: int, arguments: argparse.Namespace) -> dict[str, list[str]]:
    """The command lines of those that are asked for."""
    found = {name: own(name, address, arguments.seconds) for name in arguments.only if name != "kerastuner"}
    if arguments.kerastuner and "kerastuner" in arguments.only:
        tuner = ["benchmarks/kerastuner/search.py", address, str(arguments.seconds), str(EPOCHS), str(seed)]
        found = {"kerastuner": [str(arguments.kerastuner), *tuner], **found}
    return found


def tried(address: str) -> Iterable[Any]:
    """The entries of the search of the run at `address`."""
    from nas_core.evaluation.ledger import Ledger
    from nas_core.runs import layout
    from nas_core.runs.run import open_run

    return Ledger(open_run(address).path(layout.CANDIDATES))


def own(program: str, address: str, seconds: float) -> list[str]:
    """The command line of one of our programs."""
    return [sys.executable, __file__, "--program", program, "--run", address, "--seconds", str(seconds)]


def run(command: list[str], cores: int) -> tuple[Any, float]:
    """The JSON that `command` prints last, on so many cores, and the seconds of a core that it was busy."""
    places = ",".join(map(str, range(cores)))
    environment = os.environ | {"PYTHONPATH": str(PROJECT), "TF_CPP_MIN_LOG_LEVEL": "3"}
    bound, used = ["taskset", "-c", places, *command], dict[int, float]()
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as errors:
        process = psutil.Popen(bound, cwd=PROJECT, env=environment, stdout=out, stderr=errors)
        while process.poll() is None:  # Ray's processes die unwaited for: nobody can tell afterwards what they used
            used |= {each.pid: busy for each in [process, *descendants(process)] if (busy := busy_seconds(each))}
            time.sleep(0.2)
        out.seek(0)
        errors.seek(0)
        if process.returncode:
            raise SystemExit(errors.read()[-3000:])
        return json.loads(out.read().strip().splitlines()[-1]), sum(used.values())


def descendants(process: psutil.Process) -> list[psutil.Process]:
    """Those of `process` that live."""
    try:
        return process.children(recursive=True)
    except psutil.Error:
        return []


def busy_seconds(process: psutil.Process) -> float:
    """Seconds of a core that `process` has used; 0 when it is gone."""
    try:
        times = process.cpu_times()
    except psutil.Error:
        return 0.0
    return times.user + times.system


def prepare(name: str, folder: Path, fields: dict[str, Any], seconds: float) -> str:
    """A run whose search takes about `seconds`."""
    from nas_core.job import job_json, parse_job
    from nas_core.runs.run import create_run
    from nas_core.search.clock import RESERVED_SHARE
    from nas_core.stage import execute

    budget = seconds / (1 - RESERVED_SHARE)
    job = (
        {"n_workers": 1}
        | fields
        | {
            "algorithm": "whole",
            "budget_minutes": budget / 60,
            "candidate_epochs": EPOCHS,
            "candidate_share": 1,
            "folds": 1,
        }
    )
    run = create_run(str(folder), name, job_json(parse_job(job | {"max_candidates": 100_000})), "1")
    execute("prepare", run)
    return str(run.path("."))


def adult(folder: Path, tables: Path) -> dict[str, Any]:  # noqa: ARG001 (the signature of all datasets)
    """Income of 39,073 people: numbers and categories."""
    return {"dataset_uri": str(tables / "adult_train.csv"), "target": "income"}


def synthetic(folder: Path, tables: Path) -> dict[str, Any]:  # noqa: ARG001
    """8,000 rows of 32 numbers, two classes."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(8_000, 32))
    y = np.tanh(x @ rng.normal(size=(32, 16))) @ rng.normal(size=16) > 0
    path = folder / "synthetic.csv"
    names = ",".join([*(f"x{i}" for i in range(32)), "y"])
    np.savetxt(path, np.column_stack([x, y]), delimiter=",", header=names, comments="", fmt="%.5g")
    return {"dataset_uri": str(path), "target": "y"}


DATASETS = {"adult": adult, "synthetic": synthetic}


def plain(address: str, seconds: float) -> tuple[int, float]:
    """Keras as one would use it: build, compile, fit, next."""
    began = time.monotonic()
    from plain import Networks, fit_arguments, load

    from nas_core.training.model import build_model

    data = load(address)
    networks, arguments, rng = Networks(data), fit_arguments(data), np.random.default_rng(0)

    def train() -> None:
        model = build_model(
            networks.decode(rng.integers(networks.n_choices, size=networks.max_layers)), data.transforms
        )
        networks.compile(model)
        model.fit(**arguments, epochs=EPOCHS, verbose=0)

    return repeat(train, began, seconds)


def keras(address: str, seconds: float) -> tuple[int, float]:
    """What a worker does with a network that no bank holds."""
    began = time.monotonic()
    from plain import LEARNING_RATE, Networks, load

    from nas_core.evaluation.candidate import Recipe, train_candidate
    from nas_core.evaluation.worker import Trainer

    data = load(address)
    networks, rng = Networks(data), np.random.default_rng(0)
    recipe = Recipe(EPOCHS, 0, LEARNING_RATE, seed=0, inherits=False)
    Trainer(data, recipe)  # readies the process

    def train() -> None:
        network = networks.decode(rng.integers(networks.n_choices, size=networks.max_layers))
        train_candidate(data, recipe, network, None)

    return repeat(train, began, seconds)


def repeat(train: Callable[[], None], began: float, seconds: float) -> tuple[int, float]:
    """How often in so many seconds."""
    n, now = 0, 0.0
    while now < seconds:
        train()
        n, now = n + 1, time.monotonic() - began
    return n, now


def search(address: str, seconds: float) -> tuple[int, float]:  # noqa: ARG001 (they are in the job)
    """The stage search, with its agent and its workers."""
    began = time.monotonic()
    subprocess.run([Path(sys.executable).parent / "nas", "stage", "search", address], check=True, capture_output=True)
    now = time.monotonic() - began
    return sum(not entry.evaluation.is_failed for entry in tried(address)), now


def bank(address: str, seconds: float) -> dict[str, str]:  # noqa: ARG001 (a handful of trainings)
    """The bank against the arithmetic."""
    import tensorflow as tf
    from plain import LEARNING_RATE, Networks, load

    from nas_core.data.folds import make_folds
    from nas_core.evaluation.bank import Bank, Member
    from nas_core.space.architecture import Architecture, Choice
    from nas_core.training.fit import default_batch_size
    from nas_core.training.pace import Plan
    from nas_core.training.summary import describe_model

    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    data = load(address)
    networks, rng = Networks(data), np.random.default_rng(0)
    drawn = (networks.decode(rng.integers(networks.n_choices, size=networks.max_layers)) for _ in range(200))
    random = np.mean([describe_model(each, data.transforms)["flops"] for each in drawn])
    (fold,) = make_folds(data, 1)
    made = Bank(data, [fold], Plan(EPOCHS, 0, LEARNING_RATE))
    network = Architecture((Choice.of("dense", units=WIDTH, activation="relu"),) * 4)
    member = Member(network, 0, (0,))
    made.train([member])
    trained = min(clocked(lambda: made.train([member])) for _ in range(5))
    multiplied = made.train([member])[0].n_parameters
    operations = EPOCHS * multiplied * (6 * len(fold.train) + 2 * len(fold.valid))
    rate = product_rate(default_batch_size(len(fold.train)))
    return {
        "operations of a random network, a row": f"{random:,.0f}",
        f"matrix products of width {WIDTH}": f"{rate / 1e9:.0f} GFLOP/s",
        f"bank, 4 layers of {WIDTH}": f"{operations / trained / 1e9:.0f} GFLOP/s ({trained:.3f} s a training)",
        "share of the limit": f"{operations / trained / rate:.0%}",
    }


def product_rate(rows: int) -> float:
    """Operations a second of TensorFlow's matrix product, the best of some repetitions."""
    import tensorflow as tf

    x, w = tf.random.normal((rows, WIDTH)), tf.random.normal((WIDTH, WIDTH)) / WIDTH**0.5

    @tf.function
    def multiply(x: Any) -> Any:
        return tf.while_loop(lambda i, _: i < 1000, lambda i, x: (i + 1, tf.matmul(x, w)), (0, x))[1]

    multiply(x)
    return 1000 * 2 * rows * WIDTH**2 / min(clocked(lambda: multiply(x).numpy()) for _ in range(5))


def clocked(work: Callable[[], Any]) -> float:
    """Seconds of `work`."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def say(line: str) -> None:
    """Print at once."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


PROGRAMS = {"plain": plain, "keras": keras, "search": search, "bank": bank}

if __name__ == "__main__":
    main()
