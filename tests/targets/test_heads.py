"""What the heads say in PyTorch, for a bank on a core, is what they say in Keras."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from nas_core.targets.labels import head as labels
from nas_core.targets.values import head as values
from nas_core.training.quiet import quiet_tensorflow

RNG = np.random.default_rng(0)
UNITS = {"mean": 3.0, "std": 2.0}
LOG = {"log": {"shift": 0.5, "mean": 1.0, "std": 0.7}}
CLASSES = {"classes": ["a", "b", "c"]}
CODES, NUMBERS = RNG.integers(3, size=50).astype(np.int32), RNG.gamma(2.0, size=50).astype(np.float32)
# One logit lies beyond what is said on the logarithmic scale.
LOGITS, NUMBER = RNG.normal(size=(50, 3)).astype(np.float32), np.append(RNG.normal(size=49), 9.0).astype(np.float32)
HEADS = [
    (values, UNITS, NUMBERS, NUMBER[:, None]),
    (values, UNITS | LOG, NUMBERS, NUMBER[:, None]),
    (labels, CLASSES, CODES, LOGITS),
    (labels, CLASSES | {"weights": [0.5, 1.0, 2.0]}, CODES, LOGITS),
]
N_ROWS = 300  # few, so that labels are smoothed
each_head = pytest.mark.parametrize(
    ("head", "spec", "target", "logits"), HEADS, ids=["values", "logarithms", "labels", "weighted"]
)


@each_head
def test_gradients_are_those_of_the_losses(
    head: Any, spec: dict[str, Any], target: np.ndarray, logits: np.ndarray
) -> None:
    truth, said = head.truths(spec, target), torch.tensor(logits, requires_grad=True)
    head.losses(spec, N_ROWS, truth, said).sum().backward()
    np.testing.assert_allclose(head.gradients(spec, N_ROWS, truth, torch.tensor(logits)), said.grad, atol=1e-5)


@pytest.mark.slow
@each_head
def test_losses_and_answers_are_those_of_keras(
    head: Any, spec: dict[str, Any], target: np.ndarray, logits: np.ndarray
) -> None:
    quiet_tensorflow()
    output = np.asarray(head.output(spec, logits))
    np.testing.assert_allclose(head.answers(spec, logits), output, rtol=1e-4)
    losses = head.losses(spec, N_ROWS, head.truths(spec, target), torch.tensor(logits))
    np.testing.assert_allclose(losses, head.loss(spec, N_ROWS)(target, output), rtol=1e-3, atol=1e-5)
