"""How the agent lays out a network and what it is rewarded for."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from nas_core.settings import Settings


class EnvSettings(Settings):
    section = "Search"

    algorithm: Literal["layerwise", "whole"] = Field(
        "layerwise", title="Algorithm", json_schema_extra={"section": None}
    )
    """`layerwise`: the agent adds one layer after the other. `whole`: it lays out the whole network at once."""

    size_penalty: float = Field(0.0005, ge=0, title="Price of size")
    """Score taken off for every doubling of the number of parameters. With few validation rows a little more is."""

    history: int = Field(8, ge=1, le=64, title="Trainings remembered")
    """The metrics of this many last trainings are what the agent sees (N)."""

    def priced_for(self, n_valid: int) -> EnvSettings:
        """The same settings with the price of size raised for few validation rows.

        The best of many networks on few rows is best by luck, and large networks have more of it. As in the Bayesian
        information criterion (Schwarz 1978), what a parameter must gain falls with one over the number of rows.
        """
        return EnvSettings(algorithm=self.algorithm, size_penalty=self.size_penalty + 1 / n_valid, history=self.history)
