"""When the search ends."""

from __future__ import annotations

from pydantic import AwareDatetime, Field

from nas_core.settings import Settings


class SearchSettings(Settings):
    section = "Search"

    budget_minutes: float = Field(
        10.0, gt=0, le=100_000, title="Budget in minutes", json_schema_extra={"section": None}
    )
    """Wall time in minutes from the start of the search to the trained network."""

    deadline: AwareDatetime | None = Field(None, title="Deadline")
    """Moment (with time zone) by which the network must be trained. Given, it takes the place of the budget."""

    max_candidates: int = Field(1000, ge=1, le=100_000, title="Candidates at most")
    """The search ends after this many different networks."""

    patience: int = Field(0, ge=0, le=100_000, title="Patience")
    """The search ends after this many networks in a row without a better one. 0: it uses its time."""

    seed: int = Field(0, ge=0, le=2**31 - 1, title="Seed")
    """Two runs with one seed propose the same networks."""
