"""Kill runs at random moments and see that nothing is lost.   make chaos [SEED=0]

The search's process, a worker, Ray itself and an Airflow task are ended with SIGKILL while candidates are trained, the
disk is filled once, the S3 endpoint goes away for 30 s. After every blow the ledger must still hold every line it had;
in the end each run is done, no candidate was trained twice, and where only the search was killed (one worker, one seed)
the networks are those of a run that nobody disturbed.
"""

from __future__ import annotations

import json
import logging
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
import psutil

from nas_core import child
from nas_core.errors import JobError
from nas_core.job import job_json, parse_job
from nas_core.runs import layout
from nas_core.runs.run import Run, create_run
from nas_core.tasks.tabular_classification.sample import write_sample

TESTS = Path(__file__).parent
sys.path[:0] = [str(TESTS), str(TESTS.parent / "docker")]

CANDIDATES = 160  # a bank trains some ten while a blow is dealt
QUICK = {"max_candidates": CANDIDATES, "folds": 1, "budget_minutes": 30, "epochs": 10, "n_finalists": 1}
AWAY_SECONDS = 30.0
MAX_STARTS = 12


def main() -> None:
    """Run every scenario and print what happened; the exit code is 1 when something was lost."""
    rng = random.Random(int(os.environ.get("SEED", "0")))
    folder = Path(tempfile.mkdtemp(prefix="nas-chaos-"))
    began, n_blows = time.monotonic(), 0
    try:
        calm = new_run(folder, "calm", n_workers=1)
        finished(calm, [])
        for name, blows, fields in (
            ("driver", [kill_driver] * 6, {"n_workers": 1}),
            ("worker", [kill_worker] * 5, {}),
            ("ray", [kill_ray] * 4, {}),
            ("mixed", [kill_driver, kill_worker, kill_ray, kill_driver], {"algorithm": "whole"}),
        ):
            rng.shuffle(blows)
            run = new_run(folder, name, **fields)
            finished(run, [(rng, blow) for blow in blows])
            if name == "driver":
                check("the same proposals as undisturbed, and the same scores", outcome(run) == outcome(calm))
            n_blows += len(blows)
        n_blows += killed_airflow_task(folder, rng)
        full_disk(folder)
        away_endpoint(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    say(f"{n_blows} kills, a full disk and an absent endpoint in {time.monotonic() - began:.0f} s: nothing was lost.")


def new_run(folder: Path, name: str, root: str | None = None, **fields: Any) -> Run:
    """A run of the first task's sample, prepared."""
    data = folder / name
    data.mkdir(exist_ok=True)
    job = parse_job(write_sample(data) | QUICK | {"root": root or str(folder), "name": name} | fields)
    run = create_run(job.root, job.name, job_json(job), "1")
    say(f"{name}: {run.address}")
    follow("prepare", run)
    return run


def finished(run: Run, blows: list[tuple[random.Random, Callable[[int], None]]]) -> list[dict[str, Any]]:
    """Search and train, dealing out the `blows` on the way and starting again after each end, as Airflow does."""
    waiting = list(blows)
    for _ in range(MAX_STARTS):
        process = child.start("search", run.address)
        attacker = threading.Thread(target=attack, args=(process, run, waiting), daemon=True)
        attacker.start()
        with suppress(child.StageError):
            follow_started(process)
            break
    else:
        sys.exit(f"The search of {run.address} was started {MAX_STARTS} times and is not done.")
    follow("train", run)
    lines = read(run)
    keys = [json.dumps([line[k] for k in ("architecture", "epochs", "share", "parent", "seed")]) for line in lines]
    check("every blow was dealt", not waiting)
    check("no candidate was trained twice", len(keys) == len(set(keys)))
    check("the ledger is whole", [line["number"] for line in lines] == list(range(CANDIDATES)))
    check("a model is there", run.path(layout.MODEL).exists())
    return lines


def attack(process: subprocess.Popen[str], run: Run, waiting: list[Any]) -> None:
    """While `process` searches: wait for a random number of further lines, strike, compare."""
    while waiting and process.poll() is None:
        rng, blow = waiting[0]
        n = min(len(read(run)) + rng.randint(0, 2), CANDIDATES - 1)
        while len(read(run)) < n or not workers_of(process.pid):
            if process.poll() is not None:
                return
            time.sleep(0.05)
        time.sleep(rng.random())
        before = read(run)
        if len(before) >= CANDIDATES or process.poll() is not None:
            return
        waiting.pop(0)
        say(f"  {blow.__name__.replace('_', ' ')} after {len(before)} candidates")
        with suppress(psutil.NoSuchProcess):
            blow(process.pid)
        time.sleep(1.0)
        check("no line was lost", read(run)[: len(before)] == before)


def kill_driver(pid: int) -> None:
    """The process of the search."""
    os.kill(pid, signal.SIGKILL)


def kill_worker(pid: int) -> None:
    """One of the processes that train."""
    workers_of(pid)[0].kill()


def kill_ray(pid: int) -> None:
    """Ray's own processes."""
    for process in psutil.Process(pid).children(recursive=True):
        if process.name() in ("raylet", "gcs_server"):
            process.kill()


def workers_of(pid: int) -> list[psutil.Process]:
    """The trainers below a search, ready or at work."""
    with suppress(psutil.NoSuchProcess):
        family = psutil.Process(pid).children(recursive=True)
        return [p for p in family if p.is_running() and "ray::Trainer" in " ".join(p.cmdline() or [])]
    return []


def killed_airflow_task(folder: Path, rng: random.Random) -> int:
    """Kill the Airflow task that searches, and wait for its retry."""
    import standalone

    data = folder / "airflow"
    data.mkdir()
    airflow = standalone.start(data / "home", NAS_ROOT=str(data / "runs"))
    try:
        standalone.wait_until_ready(airflow)
        runs = "/api/v2/dags/generate_network/dagRuns"
        conf = write_sample(data) | QUICK
        client = airflow.client()
        dag_run = client.post(runs, json={"logical_date": None, "conf": conf}).json()["dag_run_id"]
        ledger = until(lambda: next(iter(data.glob(f"runs/*/*/{layout.CANDIDATES}")), None))
        n = rng.randint(1, CANDIDATES // 2)
        until(lambda: len(ledger.read_text().splitlines()) >= n)
        stage = next(p for p in psutil.process_iter(["cmdline"]) if is_search(p, str(data)))
        before = ledger.read_text().splitlines()
        say(f"airflow: kill task after {len(before)} candidates")
        os.kill(stage.ppid(), signal.SIGKILL)
        until(lambda: client.get(f"{runs}/{dag_run}").json()["state"] in ("success", "failed"), 600)
        state = client.get(f"{runs}/{dag_run}").json()["state"]
        after = ledger.read_text().splitlines()
        check(f"the DAG run is a success ({state})", state == "success")
        check("no line was lost", after[: len(before)] == before and len(after) == CANDIDATES)
    finally:
        airflow.stop()
    return 1


def is_search(process: psutil.Process, folder: str) -> bool:
    """Whether this is the stage search of a run below `folder`."""
    words = process.info["cmdline"] or ()
    return {"stage", "search"} <= set(words) and any(folder in word for word in words)


def full_disk(folder: Path) -> None:
    """A run on a small disk that fills up in the middle of the search."""
    disk = folder / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-osize=32m", "tmpfs", disk], capture_output=True, check=False)
    if mounted.returncode:
        say("disk: left out, only root can make a small disk")
        return
    try:
        run = new_run(folder, "disk-full", root=str(disk))
        process = child.start("search", run.address)
        threading.Thread(target=fill, args=(run, disk / "filler"), daemon=True).start()
        said: list[str] = []
        with suppress(child.StageError, JobError):
            child.follow(process, said.append)
        check("a full disk ends the search", process.returncode != 0)
        say(f"disk: full after {len(read(run))} candidates; the search says: {said[-1] if said else 'nothing'}")
        before = read(run)
        (disk / "filler").unlink()
        check("no line was lost", finished(run, [])[: len(before)] == before)
    finally:
        subprocess.run(["umount", disk], check=False)


def fill(run: Run, filler: Path) -> None:
    """Fill the disk when some candidates are there."""
    until(lambda: len(read(run)) >= 4)
    with filler.open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(bytes(4096))


def away_endpoint(folder: Path) -> None:
    """A run on S3 whose endpoint goes away for 30 s in the middle of the search."""
    from s3_endpoint import Endpoint

    from nas_core.runs.s3 import s3_client

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    endpoint = Endpoint()
    away = {
        "AWS_ENDPOINT_URL": endpoint.url,
        "AWS_ACCESS_KEY_ID": "someone",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "NAS_SCRATCH": str(folder / "scratch"),
    }
    with environment(away):
        s3_client().create_bucket(Bucket="bucket")
        run = new_run(folder, "s3", root="s3://bucket/runs")

        def go_away() -> None:
            until(lambda: len(read(run)) >= 3)
            say(f"s3: away for {AWAY_SECONDS:.0f} s after {len(read(run))} candidates")
            endpoint.stop()
            time.sleep(AWAY_SECONDS)
            endpoint.start()

        threading.Thread(target=go_away, daemon=True).start()
        finished(run, [])
        kept = s3_client().get_object(Bucket="bucket", Key=f"runs/s3/1/{layout.CANDIDATES}")["Body"].read().decode()
        check("the bucket holds every line", len(kept.splitlines()) == CANDIDATES)
    endpoint.stop()


@contextmanager
def environment(added: dict[str, str]) -> Iterator[None]:
    """The environment with some variables more."""
    old = dict(os.environ)
    os.environ.update(added)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(old)


def follow(stage: str, run: Run) -> None:
    """Do a stage to its end."""
    follow_started(child.start(stage, run.address))


def follow_started(process: subprocess.Popen[str]) -> None:
    """Follow a stage in silence; what it said is shown when it needs the user."""
    said: list[str] = []
    try:
        child.follow(process, said.append)
    except JobError:
        say(*said[-10:])
        raise


def read(run: Run) -> list[dict[str, Any]]:
    """The whole lines of the ledger."""
    with suppress(FileNotFoundError):
        text = run.path(layout.CANDIDATES).read_text()
        return [json.loads(line) for line in text[: text.rfind("\n") + 1].splitlines()]
    return []


def outcome(run: Run) -> tuple[list[Any], dict[str, float | None]]:
    """What was proposed, in order, and the score of each network: two at a time end as chance has it."""
    rounds = run.path(layout.CANDIDATES).with_name("candidates-rounds.jsonl").read_text().splitlines()
    proposed = [[p["codes"] for p in json.loads(line)["proposals"]] for line in rounds]
    return proposed, {line["fingerprint"]: line["score"] for line in read(run)}


def until(what: Callable[[], Any], within: float = 300.0) -> Any:
    """Wait for something to be true, and return it."""
    deadline = time.monotonic() + within
    while time.monotonic() < deadline:
        with suppress(FileNotFoundError, httpx.HTTPError):
            if found := what():
                return found
        time.sleep(0.2)
    sys.exit("it did not happen in time")


def check(what: str, is_true: bool) -> None:
    """Note a promise that was kept; end the program at one that was not."""
    if not is_true:
        say(f"BROKEN: {what}")
        os._exit(1)
    say(f"    kept: {what}")


def say(*lines: str) -> None:
    """Print at once."""
    for line in lines:
        sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
