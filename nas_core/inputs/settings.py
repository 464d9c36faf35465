"""How the columns of a dataset reach a network."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from nas_core.settings import Settings


class InputSettings(Settings):
    section = "Training"

    backbones: str | None = Field(None, title="Pretrained networks")
    """Where weights of pretrained networks lie, with which networks of pictures may begin: a folder or `s3://…/` with
    files such as `mobilenet_v2_0.35.weights.h5`. Empty: Keras' own cache. Nothing is downloaded."""

    numbers: Literal["bins", "waves", "both", "plain"] = Field("bins", title="Numbers of a table")
    """How the network sees a number beside its scaled value: in `bins` (piecewise-linear encoding), as `waves` (sines
    and cosines of it), as `both`, or not at all (`plain`)."""
