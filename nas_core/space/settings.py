"""How large the networks may be."""

from __future__ import annotations

from pydantic import Field

from nas_core.settings import Settings


class SpaceSettings(Settings):
    section = "Search"

    max_layers: int = Field(6, ge=1, le=32, title="Layers at most")
    """Number of layers that the agent may place (N)."""

    max_parameters: int = Field(1_000_000, ge=100, title="Parameters at most")
    """Networks with more parameters than this are not proposed."""
