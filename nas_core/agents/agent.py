"""What proposes architectures."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from nas_core.evaluation.ledger import Entry
from nas_core.space.rules import Codes, Space
from nas_core.space.vocabulary import STOP


@dataclass(frozen=True)
class Proposal:
    """A network to be measured: its `codes` without "stop", and the `agent` that proposed it.

    `probabilities`: for each place, the end included, the probability of each choice when it was proposed:
    (len(codes) + 1, len(vocabulary)), or one row less when the network is as deep as it may be.
    """

    codes: Codes
    agent: str
    probabilities: np.ndarray


class Agent(Protocol):
    """Proposes networks. A proposal is a function of the seed and of what `propose` is given, nothing else."""

    def propose(self, entries: Sequence[Entry], n: int, round_: int, pending: Sequence[Codes] = ()) -> list[Proposal]:
        """Up to `n` different networks that are neither among `entries` nor `pending`.

        Fewer, or none, when the space has no more of them.

        Args:
            entries: those of all earlier rounds, in order.
            n: how many are wanted.
            round_: number of this proposal, from 0.
            pending: networks of earlier rounds that are still being measured.
        """


class Codebook:
    """The codes of a growing ledger's networks; those that were there the last time are not encoded again."""

    def __init__(self, space: Space) -> None:
        self.vocabulary = space.vocabulary
        self._entries: list[Entry] = []
        self._codes: list[Codes] = []

    def codes_of(self, entries: Sequence[Entry]) -> list[Codes]:
        """The codes of the entries' networks."""
        same = 0
        for mine, its in zip(self._entries, entries, strict=False):
            if mine is not its:
                break
            same += 1
        fresh = [self.vocabulary.encode(entry.evaluation.architecture) for entry in entries[same:]]
        self._entries, self._codes = list(entries), self._codes[:same] + fresh
        return list(self._codes)


def draw(space: Space, rng: np.random.Generator) -> Codes:
    """A random network: its depth uniform, then each choice uniform among the legal ones."""
    depth = int(rng.integers(space.min_layers, space.max_layers + 1))
    codes: Codes = ()
    while len(codes) < depth:
        legal = np.flatnonzero(space.mask(codes))
        legal = legal[legal != STOP]
        if not len(legal):
            break
        codes = (*codes, int(rng.choice(legal)))
    return codes


def draw_spread(space: Space, rng: np.random.Generator, n: int) -> list[Codes]:
    """`n` random networks that have all depths, and in each slot all choices, about equally often.

    A Latin hypercube (McKay, Beckman & Conover 1979) as far as the rules allow: each slot has a deck of the choices,
    from which a network takes the first legal one.
    """
    depths = rng.permutation(np.linspace(space.min_layers, space.max_layers, n).round().astype(int))
    decks: list[list[int]] = [[] for _ in range(space.max_layers)]
    return [_deal(space, rng, decks[:depth]) for depth in depths]


def _deal(space: Space, rng: np.random.Generator, decks: list[list[int]]) -> Codes:
    """A network with a card of each deck; a deck without a legal card gets all of them again."""
    codes: Codes = ()
    for deck in decks:
        mask = space.mask(codes)
        if not mask[1:].any():
            break
        if not any(mask[code] for code in deck):
            deck.extend((rng.permutation(len(mask) - 1) + 1).tolist())
        code = next(code for code in deck if mask[code])
        deck.remove(code)
        codes = (*codes, code)
    return codes


def draw_unseen(space: Space, rng: np.random.Generator, seen: Collection[Codes], n: int) -> list[Codes]:
    """Up to `n` different random networks that are not in `seen`; it gives up after many draws without a new one."""
    found: dict[Codes, None] = {}
    for _ in range(1000 * n):
        codes = draw(space, rng)
        if codes and codes not in seen:
            found[codes] = None
        if len(found) == n:
            break
    return list(found)


def mutate(space: Space, rng: np.random.Generator, codes: Codes) -> Codes:
    """`codes` with one random change (a choice replaced, added or taken out), or as it is when none tried is legal."""
    for _ in range(100):
        at, code = int(rng.integers(len(codes) + 1)), int(rng.integers(1, len(space.vocabulary)))
        inserted, rest = [((code,), codes[at + 1 :]), ((code,), codes[at:]), ((), codes[at + 1 :])][rng.integers(3)]
        changed = (*codes[:at], *inserted, *rest)
        if changed != codes and space.is_enough(changed) and space.is_legal(changed):
            return changed
    return codes


def neighbours(space: Space, codes: Codes) -> list[Codes]:
    """All networks that are one choice away from `codes`: replaced, added or taken out."""
    choices = range(1, len(space.vocabulary))
    replaced = [(*codes[:i], c, *codes[i + 1 :]) for i in range(len(codes)) for c in choices if c != codes[i]]
    added = [(*codes[:i], c, *codes[i:]) for i in range(len(codes) + 1) for c in choices]
    removed = [(*codes[:i], *codes[i + 1 :]) for i in range(len(codes))]
    different = dict.fromkeys([*replaced, *added, *removed])
    return [network for network in different if space.is_enough(network) and space.is_legal(network)]


def uniform_probabilities(space: Space, codes: Codes) -> np.ndarray:
    """The probabilities of one who chooses blindly among the legal choices at each place of `codes`."""
    masks = np.array([space.mask(codes[:i]) for i in places(space, codes)], float)
    shares: np.ndarray = masks / masks.sum(1, keepdims=True)
    return shares


def places(space: Space, codes: Codes) -> range:
    """The lengths of the prefixes at which something was chosen, the "stop" behind the last layer included."""
    return range(min(len(codes) + 1, space.max_layers))


def values_of(entries: Sequence[Entry]) -> list[float]:
    """The entries' rewards; a failed network counts as a little worse than the worst."""
    worst = min((e.reward for e in entries if e.reward is not None), default=0.0)
    return [worst - 1e-6 if e.reward is None else e.reward for e in entries]
