"""What earlier searches on like data found: copied into the run once, so that a resumed search knows the same."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from nas_core.agents.agent import Codebook, values_of
from nas_core.errors import JobError
from nas_core.evaluation.ledger import Ledger
from nas_core.evaluation.surrogate import Results
from nas_core.runs import layout
from nas_core.runs.records import write_text
from nas_core.runs.run import Run, open_run
from nas_core.space.rules import Space


def earlier_results(addresses: Sequence[str], run: Run, space: Space) -> list[Results]:
    """The results of the runs at `addresses`, as far as their networks are networks of `space`.

    Raises:
        JobError: an address has no search, or none of its networks fits.
    """
    results = []
    for number, address in enumerate(addresses):
        path = run.path(layout.EARLIER) / f"{number}.jsonl"
        if not path.exists():
            _copy_ledger(address, path)
        found = read_results(path, space)
        if not found.networks:
            raise JobError(f"`warm_start`: none of the networks of {address} is one that this search may propose.")
        results.append(found)
    return results


def _copy_ledger(address: str, path: Path) -> None:
    earlier = open_run(address)
    earlier.store.pull(layout.CANDIDATES)
    if not earlier.path(layout.CANDIDATES).exists():
        raise JobError(f"`warm_start`: there is no search at {address}: it has no {layout.CANDIDATES}.")
    write_text(path, earlier.path(layout.CANDIDATES).read_text(encoding="utf-8"))


def read_results(path: Path, space: Space) -> Results:
    """The results in the ledger at `path`; networks with choices or sizes that `space` does not have are left out."""
    choices = set(space.vocabulary.choices)
    entries = [entry for entry in Ledger(path) if choices.issuperset(entry.evaluation.architecture)]
    pairs = zip(Codebook(space).codes_of(entries), values_of(entries), strict=True)
    legal = {codes: worth for codes, worth in pairs if space.is_enough(codes) and space.is_legal(codes)}
    return Results(list(legal), list(legal.values()))
