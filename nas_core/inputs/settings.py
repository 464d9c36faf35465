"""How the columns of a dataset reach a network."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from nas_core.settings import Settings


class InputSettings(Settings):
    section = "Training"

    numbers: Literal["bins", "waves", "both", "plain"] = Field("bins", title="Numbers of a table")
    """How the network sees a number beside its scaled value: in `bins` (piecewise-linear encoding), as `waves` (sines
    and cosines of it), as `both`, or not at all (`plain`)."""
