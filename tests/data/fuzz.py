"""Damaged tables and archives for some minutes: each is read, or refused with a JobError.

Run by ``make fuzz``. Inputs are those of the corpus, damaged and mixed by a seed, so that each can be made again:
``python tests/data/fuzz.py --only SEED``. They are read in children of their own, a thousand at a time, so that a crash
ends none but its child; 20 s and 1 GB for one input count as a failure, and so does a file that is written elsewhere.
"""

from __future__ import annotations

import argparse
import faulthandler
import os
import random
import signal
import sys
import tempfile
import time
import traceback
import warnings
from collections import Counter
from pathlib import Path

import corpus

from nas_core.data.readers.dialect import Dialect
from nas_core.data.readers.reader import open_table
from nas_core.errors import JobError

BATCH = 1_000
SECONDS = 20
MOST_MB = 1_000
LARGEST = 200_000  # bytes of an input: what is larger tells nothing new
SEEDS = [case.content for case in (*corpus.good(), *corpus.bad()) if len(case.content) < LARGEST]
WORDS = [*(bytes([code]) for code in b"\"',; \t\n\r\0\xff{}[]\\"), b"\xef\xbb\xbf", b"\xff\xfe", b"PAR1", b"ARROW1"]
WORDS += [b"PK\x03\x04", b"\x1f\x8b\x08", b"1e999", b"9" * 30, b"sep=", b"A1048576", b"=1"]
ASKED = [Dialect(), Dialect(encoding="cp1251"), Dialect(delimiter=";", decimal=","), Dialect(header=False)]
ASKED.append(Dialect("csv"))


def made(seed: int) -> tuple[bytes, Dialect]:
    """The input of this seed."""
    rng = random.Random(seed)
    content = bytearray(rng.choice(SEEDS))
    for _ in range(rng.choice((1, 1, 2, 4, 16, 64))):
        place = rng.randrange(len(content) + 1)
        match rng.randrange(7):
            case 0 if content:
                content[place % len(content)] = rng.randrange(256)
            case 1:
                content[place:place] = rng.choice(WORDS)
            case 2:
                del content[place : place + rng.choice((1, 4, 64, 10_000))]
            case 3:
                content[place:place] = content[place : place + rng.choice((1, 16, 1_000))] * rng.choice((1, 2, 50))
            case 4:
                other = rng.choice(SEEDS)
                first = rng.randrange(len(other) + 1)
                content[place:place] = other[first : first + 500]
            case 5:
                content[place : place + 4] = rng.choice((b"\xff" * 4, b"\0" * 4, rng.randbytes(4)))
            case 6 if content:
                content[place % len(content)] ^= 1 << rng.randrange(8)
    return bytes(content[: 2 * LARGEST]), rng.choice(ASKED)


def read(seed: int, folder: Path) -> str:
    """Read the input of this seed as a stage would; what became of it."""
    content, asked = made(seed)
    path = folder / "input"
    path.write_bytes(content)
    try:
        reader = open_table(path, folder / "scratch", asked)
        for _ in range(2):
            for batch in reader.batches():
                batch.validate(full=True)
        return "read"
    except JobError:
        return "refused"


def memory_mb() -> float:
    """Anonymous resident memory of this process."""
    status = Path("/proc/self/status").read_text()
    return int(status.split("RssAnon:")[1].split()[0]) / 1024


def child(first: int, folder: Path) -> None:
    """Read a batch of inputs; the number of the one in work stands in a file. Never returns."""
    faulthandler.enable()
    warnings.simplefilter("ignore")
    sys.unraisablehook = lambda _: None  # Arrow cannot show a row that is no text to who counts such rows
    counts: Counter[str] = Counter()
    before = memory_mb()
    for seed in range(first, first + BATCH):
        (folder / "seed").write_text(str(seed))
        signal.alarm(SECONDS)
        counts[read(seed, folder)] += 1
        signal.alarm(0)
        if memory_mb() - before > MOST_MB:
            raise MemoryError(f"{memory_mb():.0f} MB after seed {seed}")
        strange = {p.name for p in folder.iterdir()} - {"input", "scratch", "seed", "counts"}
        if strange or any(not p.name.startswith("unpacked-") for p in (folder / "scratch").glob("*")):
            raise RuntimeError(f"seed {seed} wrote files elsewhere: {strange}")
    (folder / "counts").write_text(f"{counts['read']} {counts['refused']}")


def run(minutes: float, first: int) -> int:
    """Batches until the time is over; the number of failures."""
    end, n_read, n_refused, failures = time.monotonic() + 60 * minutes, 0, 0, []
    while time.monotonic() < end:
        with tempfile.TemporaryDirectory(prefix="nas-fuzz-") as name:
            folder = Path(name)
            pid = os.fork()
            if pid == 0:
                _as_child(first, folder)
            _, status = os.waitpid(pid, 0)
            if status:
                failures.append((folder / "seed").read_text())
                _say(f"FAILED: seed {failures[-1]}, status {status}")
                first = int(failures[-1]) + 1
                continue
            read_now, refused_now = map(int, (folder / "counts").read_text().split())
            n_read, n_refused, first = n_read + read_now, n_refused + refused_now, first + BATCH
    _say(f"{n_read + n_refused:,} inputs: {n_read:,} read, {n_refused:,} refused, {len(failures)} failed {failures}")
    return len(failures)


def _as_child(first: int, folder: Path) -> None:
    try:
        os.chdir(folder)
        child(first, folder)
        os._exit(0)
    except BaseException:  # whatever it is, the parent counts it
        traceback.print_exc()
        os._exit(1)


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--only", type=int, help="read the input of this seed in this process")
    given = parser.parse_args()
    if given.only is not None:
        with tempfile.TemporaryDirectory() as alone:
            _say(read(given.only, Path(alone)))
    else:
        sys.exit(min(1, run(given.minutes, given.first)))
