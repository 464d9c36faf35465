"""The nouns of the space: a choice, and an architecture made of choices."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

Value = int | float | str | bool


@dataclass(frozen=True)
class Choice:
    """A kind of layer with its parameters: one thing an agent may choose. `params` is sorted by name."""

    kind: str
    params: tuple[tuple[str, Value], ...] = ()

    @classmethod
    def of(cls, kind: str, **params: Value) -> Choice:
        """``Choice.of("dense", units=64)``."""
        return cls(kind, tuple(sorted(params.items())))

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Choice:
        """The inverse of :meth:`to_json`."""
        return cls.of(value["layer"], **{k: v for k, v in value.items() if k != "layer"})

    def to_json(self) -> dict[str, Any]:
        """``{"layer": "dense", "units": 64, …}``."""
        return {"layer": self.kind, **dict(self.params)}

    def __str__(self) -> str:
        said = [name if value is True else str(value) for name, value in self.params if value is not False]
        return " ".join([self.kind, *said])


@dataclass(frozen=True)
class Architecture:
    """A finite sequence of choices ("stop" not included; none: a linear model). Hashable, JSON, fingerprinted."""

    choices: tuple[Choice, ...]

    @classmethod
    def from_json(cls, value: list[dict[str, Any]]) -> Architecture:
        """The inverse of :meth:`to_json`."""
        return cls(tuple(map(Choice.from_json, value)))

    def to_json(self) -> list[dict[str, Any]]:
        """A list of choices in JSON."""
        return [choice.to_json() for choice in self.choices]

    @property
    def fingerprint(self) -> str:
        """Twelve hexadecimal digits that name this architecture in files; equal choices, equal fingerprint."""
        text = json.dumps(self.to_json(), sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:12]

    def prefix(self, length: int) -> Architecture:
        """The first `length` layers."""
        return Architecture(self.choices[:length])

    def __iter__(self) -> Iterator[Choice]:
        return iter(self.choices)

    def __len__(self) -> int:
        return len(self.choices)

    def __str__(self) -> str:
        return " › ".join(map(str, self.choices)) or "linear model"
