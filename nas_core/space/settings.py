"""How large the networks may be."""

from __future__ import annotations

from pydantic import Field

from nas_core.settings import Settings


class SpaceSettings(Settings):
    section = "Search"

    max_layers: int = Field(0, ge=0, le=32, title="Layers at most")
    """Number of layers that the agent may place (N). 0: 6, of networks of pictures 8."""

    max_parameters: int = Field(1_000_000, ge=100, title="Parameters at most")
    """Networks with more parameters than this are not proposed, nor do further ones join the winner beyond it."""

    max_flops: int = Field(0, ge=0, title="Operations at most")
    """Networks that need more floating-point operations than this for a row are not proposed. 0: of pictures six times
    as many as the network to begin with, of tables no limit."""

    max_latency_ms: float = Field(0.0, ge=0, title="Milliseconds at most")
    """Networks that are expected to need longer than this for a row alone, in LiteRT on a core, are not proposed: at 20
    billion operations a second. What the network needs in truth is measured by export. 0: no limit."""
