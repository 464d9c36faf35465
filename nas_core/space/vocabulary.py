"""The ordered choices of a run. The order is the encoding: code 0 is "stop", code k the k-th choice."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from nas_core.space.architecture import Architecture, Choice
from nas_core.space.layer import load_layer

STOP = 0


@dataclass(frozen=True)
class Vocabulary:
    """The choices behind "stop"; ``len`` counts "stop" too."""

    choices: tuple[Choice, ...]

    @classmethod
    def of(cls, kinds: Iterable[str]) -> Vocabulary:
        """All that the layers of these kinds offer, in order."""
        return cls(tuple(choice for kind in kinds for choice in load_layer(kind).CHOICES))

    @classmethod
    def from_json(cls, value: list[dict[str, Any]]) -> Vocabulary:
        """The inverse of :meth:`to_json`."""
        return cls(tuple(map(Choice.from_json, value[1:])))

    def to_json(self) -> list[dict[str, Any]]:
        """The list of choices by code; the first is "stop"."""
        return [{"layer": "stop"}, *(choice.to_json() for choice in self.choices)]

    def encode(self, architecture: Architecture) -> tuple[int, ...]:
        """One code a layer; KeyError for a choice that is not of this vocabulary."""
        return tuple(self._codes[choice] for choice in architecture)

    def decode(self, codes: Sequence[int]) -> Architecture:
        """The architecture of `codes` up to the first "stop"."""
        layers = list(codes)
        if STOP in layers:
            layers = layers[: layers.index(STOP)]
        return Architecture(tuple(self.choices[code - 1] for code in layers))

    def __len__(self) -> int:
        return len(self.choices) + 1

    @cached_property
    def _codes(self) -> dict[Choice, int]:
        return {choice: code for code, choice in enumerate(self.choices, start=1)}
