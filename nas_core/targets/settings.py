"""How targets are read and learned."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from nas_core.settings import Settings


class TargetSettings(Settings):
    section = "Training"

    positive_class: str | None = Field(None, title="Positive class", json_schema_extra={"section": "Data"})
    """The class that a two-class problem is about, as it stands in the data. Empty: the rarer one."""

    class_weights: Literal["none", "balanced"] = Field("none", title="Class weights")
    """`balanced`: every class counts as much as any other, however rare. For decisions about rare classes (metric
    `balanced_accuracy`); probabilities are then those of a world where all classes are equally frequent."""

    target_scale: Literal["auto", "linear", "log"] = Field("auto", title="Scale of numbers")
    """Numbers are learned on this scale and predicted in their own units. `auto`: `log` where they are so skewed that a
    few large ones would decide everything."""
