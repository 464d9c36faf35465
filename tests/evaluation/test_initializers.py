"""First weights are spread as Keras spreads them."""

import numpy as np
import pytest

from nas_core.evaluation.initializers import draw
from nas_core.training.quiet import quiet_tensorflow

MADE = [
    ("he_normal", (300, 200)),
    ("glorot_uniform", (300, 200)),
    ("glorot_uniform", (6, 90, 16)),
    ("uniform", (90, 40)),
]


@pytest.mark.slow
@pytest.mark.parametrize(("name", "shape"), MADE)
def test_weights_are_as_wide_as_those_of_keras(name: str, shape: tuple[int, ...]) -> None:
    quiet_tensorflow()
    import keras

    drawn, known = draw(name, shape, np.random.default_rng(0)), np.asarray(keras.initializers.get(name)(shape))
    assert drawn.dtype == np.float32
    assert drawn.std() == pytest.approx(known.std(), rel=0.03)
    assert np.abs(drawn).max() == pytest.approx(np.abs(known).max(), rel=0.01)


def test_constant_ones_and_those_that_nobody_knows() -> None:
    rng = np.random.default_rng(0)
    assert draw("zeros", (3, 2), rng).tolist() == [[0, 0]] * 3
    assert draw("ones", (2,), rng).tolist() == [1, 1]
    with pytest.raises(KeyError):
        draw("orthogonal", (2, 2), rng)
