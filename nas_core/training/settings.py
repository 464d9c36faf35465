"""How networks are trained."""

from __future__ import annotations

from pydantic import Field

from nas_core.settings import Settings


class TrainingSettings(Settings):
    section = "Training"

    epochs: int = Field(200, ge=1, le=100_000, title="Epochs at most")
    """The final training stops here at the latest; it stops earlier when the validation rows improve no more."""

    batch_size: int = Field(0, ge=0, le=1_000_000, title="Batch size")
    """Rows of one training step. 0: chosen from the number of rows."""

    learning_rate: float = Field(0.0, ge=0, le=1, title="Learning rate")
    """Largest step size of the optimizer (AdamW); it falls to zero over the last part. 0: 0.002, for pictures 0.005."""

    n_finalists: int = Field(0, ge=0, le=20, title="Finalists")
    """So many of the best candidates are trained in full, as far as the time allows (0: up to 8). The best one wins;
    the model is the mean of it and of those that improve it by more than the price of their size."""

    compare_random: bool = Field(False, title="Compare with random search")
    """Also train as many randomly drawn networks as the search tried: did the search pay? Takes as long again."""
