"""What a figure of merit is called and which way is better."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Metric:
    """`title` for people, `unit` ("" for none, "target" for the target's own), and the better direction.

    One that is not local compares rows with each other: on rows that are alike it is low however good the network is.
    """

    title: str
    unit: str
    higher_is_better: bool
    is_local: bool = True
