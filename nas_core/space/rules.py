"""Which networks exist: what may come next, and when a network is complete.

A network under construction is a tuple of codes. All who build networks (both environments, the baselines, the page) go
through this one mask, so a network that does not fit, or is too large, is never proposed.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np

from nas_core.space.architecture import Architecture
from nas_core.space.cost import Ends
from nas_core.space.layer import Cost, Shape, is_whole, load_layer
from nas_core.space.vocabulary import STOP, Vocabulary

Codes = tuple[int, ...]


@dataclass(frozen=True)
class Space:
    """All architectures of `min_layers` to `max_layers` choices that fit between `ends` within `max_parameters` weights
    and `max_flops` operations for a row. They must also be networks of the space `also`, if there is one.
    """

    vocabulary: Vocabulary
    ends: Ends
    max_layers: int
    max_parameters: int
    min_layers: int = 1
    max_flops: float = math.inf
    also: Space | None = None
    _known: dict[Codes, tuple[Shape, Cost]] = field(default_factory=dict, init=False, repr=False, compare=False)
    _masks: dict[Codes, np.ndarray] = field(default_factory=dict, init=False, repr=False, compare=False)
    _prices: dict[Shape, np.ndarray] = field(default_factory=dict, init=False, repr=False, compare=False)

    def mask(self, codes: Codes) -> np.ndarray:
        """Which codes may come next: bool (len(vocabulary),). Only "stop" when `codes` is complete."""
        if codes not in self._masks:
            self._masks[codes] = self._legal(codes)
        return self._masks[codes]

    def is_complete(self, codes: Codes) -> bool:
        """Whether nothing can be added: "stop" was said, or there are as many layers as there may be."""
        return len(codes) == self.max_layers or (STOP in codes)

    def is_enough(self, codes: Codes) -> bool:
        """Whether `codes` are a network: as many layers as there must be, or one that is a network by itself."""
        if len(codes) >= self.min_layers:
            return True
        return any(is_whole(self.vocabulary.choices[code - 1]) for code in codes if code != STOP)

    def is_legal(self, codes: Codes) -> bool:
        """Whether `codes`, step by step, are allowed; behind "stop" there is only "stop"."""
        return len(codes) <= self.max_layers and all(self.mask(codes[:i])[code] for i, code in enumerate(codes))

    def cost(self, codes: Codes) -> Cost:
        """Parameters and operations of the whole network, stem and head included."""
        shape, trunk = self._measure(codes)
        return self.ends.stem + trunk + self.ends.head(shape)

    def cost_of(self, architecture: Architecture) -> Cost:
        """The same for an architecture."""
        return self.cost(self.vocabulary.encode(architecture))

    def _legal(self, codes: Codes) -> np.ndarray:
        legal: np.ndarray = np.zeros(len(self.vocabulary), bool)
        if not self.is_complete(codes):
            shape, trunk = self._measure(codes)
            spent = self.ends.stem + trunk
            left = self.max_parameters - spent.parameters, self.max_flops - spent.flops
            legal = np.all(self._prices_behind(shape) <= np.array(left)[:, None], axis=0)
            last = self.vocabulary.choices[codes[-1] - 1].kind if codes else None
            if last and not load_layer(last).REPEATS:
                legal &= np.array([True, *(choice.kind != last for choice in self.vocabulary.choices)])
        legal[STOP] = self.is_enough(codes)
        return legal & self.also.mask(codes) if self.also else legal

    def _prices_behind(self, shape: Shape) -> np.ndarray:
        """Parameters and operations of each choice behind `shape`, (2, choices); infinite where it does not fit."""
        if shape not in self._prices:
            prices = np.full((2, len(self.vocabulary)), np.inf)
            for code, choice in enumerate(self.vocabulary.choices, 1):
                layer, params = load_layer(choice.kind), dict(choice.params)
                behind = layer.output_shape(shape, **params)
                if behind is not None:
                    cost = layer.cost(shape, **params) + self.ends.head(behind)
                    prices[:, code] = cost.parameters, cost.flops
            self._prices[shape] = prices
        return self._prices[shape]

    def _measure(self, codes: Codes) -> tuple[Shape, Cost]:
        """Shape behind the trunk and what the trunk costs, each prefix computed once."""
        codes = codes[: codes.index(STOP)] if STOP in codes else codes
        if not codes:
            return self.ends.shape, Cost()
        if codes not in self._known:
            shape, cost = self._measure(codes[:-1])
            choice = self.vocabulary.choices[codes[-1] - 1]
            layer, params = load_layer(choice.kind), dict(choice.params)
            behind = layer.output_shape(shape, **params)
            if behind is None:
                raise ValueError(f"{choice} does not fit behind the shape {shape}.")
            self._known[codes] = behind, cost + layer.cost(shape, **params)
        return self._known[codes]
