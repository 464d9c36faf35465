"""The same network with more units."""

from __future__ import annotations

from nas_core.space.architecture import Architecture, Choice
from nas_core.space.rules import Space


def widened(architecture: Architecture, space: Space) -> Architecture | None:
    """`architecture` so many times wider that its widest layer is the widest that `space` offers.

    None where it is that wide, where it has no layer with units, or where the wider one is no network of `space`.
    """
    widest, own = max(map(_units, space.vocabulary.choices), default=0), max(map(_units, architecture), default=0)
    if own in (0, widest):
        return None
    factor = widest // own
    wider = Architecture(tuple(_times(choice, factor) for choice in architecture))
    if not set(wider) <= set(space.vocabulary.choices):
        return None
    return wider if space.is_legal(space.vocabulary.encode(wider)) else None


def _units(choice: Choice) -> int:
    return int(dict(choice.params).get("units", 0))


def _times(choice: Choice, factor: int) -> Choice:
    units = _units(choice)
    return Choice.of(choice.kind, **dict(choice.params) | {"units": factor * units}) if units else choice
