"""The record of one measured candidate: a line of the ledger."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from nas_core.space.architecture import Architecture


@dataclass(frozen=True)
class Evaluation:
    """What measuring `architecture` gave.

    `score` is the metric turned so that higher is better and made dimensionless (see ``targets/*/figures.py``); None
    when the candidate failed, and then `error` says why; `standard_error` is how far chance may have moved it (0: not
    known, as it was measured on one part of the rows). `metrics` are on the validation rows, `parameters` counts the
    trainable weights, `flops` the multiply-adds of one row times two. What it cost: `seconds` by part (build, compile,
    train, measure; Keras traces while it trains), `waited` seconds for a worker, `memory` the worker's peak in bytes.
    `epochs`, `share` (of the training rows), `shrink` (what the sides of pictures were divided by), `n_folds` (in so
    many it was trained), `parent` (fingerprint of the network whose weights it began with) and `seed` make, with the
    architecture, the key under which nothing is trained twice.
    """

    architecture: Architecture
    score: float | None
    standard_error: float = 0.0
    metrics: dict[str, float] = field(default_factory=dict)
    parameters: int = 0
    flops: int = 0
    epochs: int = 0
    share: float = 1.0
    shrink: int = 1
    n_folds: int = 1
    parent: str | None = None
    seed: int = 0
    seconds: dict[str, float] = field(default_factory=dict)
    waited: float = 0.0
    memory: int = 0
    error: str | None = None

    @property
    def is_failed(self) -> bool:
        """Whether the candidate could not be measured."""
        return self.score is None

    def to_json(self) -> dict[str, Any]:
        """One flat JSON object, with the architecture's fingerprint beside it."""
        fields = asdict(replace(self, architecture=Architecture(())))
        return fields | {"architecture": self.architecture.to_json(), "fingerprint": self.architecture.fingerprint}

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Evaluation:
        """Read the fields of an evaluation from a ledger line; further keys of the line are left alone."""
        fields = {name: value[name] for name in cls.__dataclass_fields__ if name in value}
        return cls(**fields | {"architecture": Architecture.from_json(value["architecture"])})


# What an environment and a search are given: several architectures in, evaluations out as they finish.
Evaluate = Callable[[Sequence[Architecture]], Iterator[Evaluation]]
