"""What stands at both ends of a trunk, as far as size is concerned. A network is priced without being built."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from nas_core.space.layer import Cost, Shape


@dataclass(frozen=True)
class Ends:
    """The task's side of the space: the `shape` that the stem gives the trunk, the stem's cost, the head's cost by the
    shape behind the trunk, and the shape of the `output`.
    """

    shape: Shape
    stem: Cost
    head: Callable[[Shape], Cost]
    output: Shape
