"""How the page answers while a search runs: 10 users who do the whole way, then 100 who only watch.

The 10 do it thrice as people do, with pauses between their steps, and once in the same instant. Starts an Airflow of
its own (one API server process) in a temporary folder. Prints the median, the 95th percentile and the longest of each
call in milliseconds, and the memory of the API server all along.

    .venv/bin/python benchmarks/page.py --minutes 30
    .venv/bin/python benchmarks/page.py --minutes 4 --database postgresql
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import signal
import sys
import tempfile
import time
from collections import defaultdict
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import httpx
import psutil

sys.path.append(str(Path(__file__).parent.parent / "docker"))

import demo
import postgresql
import standalone

API = "/nas/api/v1"
N_USERS, N_WATCHERS, N_ROUNDS = 10, 100, 3
THINKING = (2.0, 6.0)  # seconds between two steps of a person
MEMORY_EVERY = 180.0
STATUS_EVERY, LIST_EVERY = 5.0, 15.0  # seconds; the page itself is told by events and asks less


Thinking = random.Random | None


class Stopwatch:
    """Calls with the milliseconds they took, by name."""

    def __init__(self) -> None:
        self.took: dict[str, list[float]] = defaultdict(list)
        self.failed: dict[str, int] = defaultdict(int)

    async def call(self, client: httpx.AsyncClient, name: str, method: str, path: str, **more: Any) -> httpx.Response:
        """Make a call and note how long it took."""
        began = time.perf_counter()
        answer = await client.request(method, path, **more)
        self.took[name].append(1000 * (time.perf_counter() - began))
        self.failed[name] += answer.is_error
        return answer

    def tell(self, title: str, cpu: float) -> None:
        """Print what was noted and the server's seconds of processor time for it, and forget it."""
        say(f"\n{title}", f"{'call':<14}{'n':>7}{'median':>9}{'p95':>9}{'longest':>9}{'failed':>8}  ms")
        every = [took for calls in self.took.values() for took in calls]
        self.failed["all"] = sum(self.failed[name] for name in self.took)
        for name, took in [*self.took.items(), ("all", every)]:
            ranked = sorted(took)
            p50, p95 = (ranked[min(len(ranked) - 1, int(share * len(ranked)))] for share in (0.5, 0.95))
            say(f"{name:<14}{len(ranked):>7}{p50:>9.0f}{p95:>9.0f}{ranked[-1]:>9.0f}{self.failed[name]:>8}")
        each = 1000 * cpu / len(every)
        say(f"{cpu:.1f} s of processor time in the API server, {each:.1f} ms a call, events included")
        self.took.clear()
        self.failed.clear()


async def whole_way(client: httpx.AsyncClient, watch: Stopwatch, table: bytes, run: str, thinking: Thinking) -> None:
    """Open the page, upload, look, start, follow for a while, download."""
    await watch.call(client, "page", "GET", "/nas/")
    await think(thinking)
    upload = await watch.call(client, "upload", "POST", f"{API}/uploads?name=table.csv", content=table)
    uri = upload.json()["dataset_uri"]
    await watch.call(client, "preview", "POST", f"{API}/inspect", json={"dataset_uri": uri, "target": "diagnosis"})
    await think(thinking)
    job = {"dataset_uri": uri, "target": "diagnosis", "name": "load", "budget_minutes": 1}
    started = await watch.call(client, "submit", "POST", f"{API}/runs", json=job)
    if started.is_error:
        say(f"submit: {started.status_code} {started.text[:300]}")
    for _ in range(10):
        await watch.call(client, "status", "GET", started.json().get("url", run))
        await watch.call(client, "list", "GET", f"{API}/runs")
        await asyncio.sleep(1)
    await watch.call(client, "artifacts", "GET", f"{run}/artifacts")
    await think(thinking)
    await watch.call(client, "download", "GET", f"{run}/artifacts/job.json")


async def think(thinking: Thinking) -> None:
    """What a person does between two steps; None: a program, which does not wait."""
    if thinking:
        await asyncio.sleep(thinking.uniform(*THINKING))


async def as_people_do(client: httpx.AsyncClient, watch: Stopwatch, table: bytes, run: str, number: int) -> None:
    """The whole way some times over, in the pace of a person."""
    thinking = random.Random(number)
    for _ in range(N_ROUNDS):
        await think(thinking)
        await whole_way(client, watch, table, run, thinking)


async def watch_only(client: httpx.AsyncClient, watch: Stopwatch, run: str, until: float, number: int) -> None:
    """Keep a stream of events open, and ask now and then."""
    await asyncio.sleep(LIST_EVERY * number / N_WATCHERS)  # they come one after the other
    stream = asyncio.create_task(listen(client, run, until))
    asked = 0.0
    while time.monotonic() < until:
        await watch.call(client, "status", "GET", run)
        if time.monotonic() - asked > LIST_EVERY:
            asked = time.monotonic()
            await watch.call(client, "list", "GET", f"{API}/runs")
            await watch.call(client, "candidates", "GET", f"{run}/candidates?limit=100")
        await asyncio.sleep(STATUS_EVERY)
    stream.cancel()


async def listen(client: httpx.AsyncClient, run: str, until: float) -> None:
    """Read events; a stream that ends is opened again, as browsers do."""
    while time.monotonic() < until:
        async with client.stream("GET", f"{run}/events") as answer:
            async for _ in answer.aiter_bytes():
                pass
        await asyncio.sleep(2)


async def measure(airflow: standalone.Airflow, table: bytes, minutes: float) -> None:
    """Both loads, one after the other, while a search runs."""
    headers = dict(airflow.client().headers)
    limits = httpx.Limits(max_connections=None, keepalive_expiry=2)  # the server closes after 5 s
    async with httpx.AsyncClient(base_url=airflow.url, headers=headers, timeout=120, limits=limits) as client:
        watch = Stopwatch()
        uri = (await client.post(f"{API}/uploads?name=table.csv", content=table)).json()["dataset_uri"]
        job = {"dataset_uri": uri, "target": "diagnosis", "name": "watched", "budget_minutes": 2 * minutes + 4}
        run = (await client.post(f"{API}/runs", json=job)).json()["url"]
        say("A search begins …")
        while not ((await client.get(run)).json()["search"] or {}).get("n_candidates"):
            await asyncio.sleep(1)
        cpu = processor(airflow)
        await asyncio.gather(*(as_people_do(client, watch, table, run, number) for number in range(N_USERS)))
        watch.tell(f"{N_USERS} users who do the whole way {N_ROUNDS} times", processor(airflow) - cpu)
        cpu = processor(airflow)
        await asyncio.gather(*(whole_way(client, watch, table, run, None) for _ in range(N_USERS)))
        watch.tell(f"{N_USERS} users who begin in the same instant", processor(airflow) - cpu)
        cpu, until = processor(airflow), time.monotonic() + 60 * minutes
        noting = asyncio.create_task(note_memory(airflow))
        await asyncio.gather(*(watch_only(client, watch, run, until, number) for number in range(N_WATCHERS)))
        noting.cancel()
        watch.tell(f"{N_WATCHERS} who watch for {minutes:g} minutes", processor(airflow) - cpu)
        n = (await client.get(run)).json()["search"]["n_candidates"]
        say(f"memory of the API server at the end: {memory(airflow)} MB; the search tried {n} networks")


async def note_memory(airflow: standalone.Airflow) -> None:
    """Print the API server's memory now and then."""
    began = time.monotonic()
    while True:
        say(f"memory of the API server after {(time.monotonic() - began) / 60:.0f} min: {memory(airflow)} MB")
        await asyncio.sleep(MEMORY_EVERY)


def servers(airflow: standalone.Airflow) -> list[psutil.Process]:
    """The API server's processes, with the one that reads what people hand over."""
    family = psutil.Process(airflow.pid).children(recursive=True)
    lines = {each: " ".join(each.cmdline()).replace("-", "_") for each in family}
    return [each for each, line in lines.items() if "api_server" in line or "nas_core.web.reader" in line]


def memory(airflow: standalone.Airflow) -> int:
    """Resident memory of the API server in MB."""
    return sum(each.memory_info().rss for each in servers(airflow)) >> 20


def processor(airflow: standalone.Airflow) -> float:
    """Seconds of processor time that the API server has used."""
    return sum(sum(each.cpu_times()[:2]) for each in servers(airflow))


def say(*lines: str) -> None:
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    sys.stdout.flush()


def main() -> None:
    """Start Airflow, measure, end it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=30.0, help="how long the hundred watch")
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite", help="Airflow's own")
    args = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended from outside"))  # Airflow is ended too
    say(f"load of the machine before: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    database = postgresql.running() if args.database == "postgresql" else nullcontext()
    with tempfile.TemporaryDirectory(prefix="nas-page-", ignore_cleanup_errors=True) as folder, database as address:
        table = demo.write_dataset(Path(folder)).read_bytes()
        settings = {"NAS_ROOT": f"{folder}/runs"}
        if address:
            names = ("SQL_ALCHEMY_CONN", "SQL_ALCHEMY_CONN_ASYNC")
            settings |= {f"AIRFLOW__DATABASE__{name}": address for name in names}
        airflow = standalone.start(Path(folder) / "home", **settings)
        try:
            standalone.wait_until_ready(airflow)
            asyncio.run(measure(airflow, table, args.minutes))
        finally:
            airflow.stop()
    say(f"load of the machine after: {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
