"""The steps of a network (:mod:`nas_core.space.steps`) and their gradients, on arrays (rows, width).

Widths are rounded up to whole vectors of the core (:func:`padded`). What is more than the network has is 0 and stays 0:
so are the weights there, and every activation of 0.

Kernels are PyTorch's where one does all that a layer does forth or back; elsewhere loops of our own do (`loops.py`).
Matrix products are numpy's: on small matrices its library is twice as fast. All work in the same memory.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Protocol, cast

import numpy as np
import torch
from torch import Tensor

from nas_core.evaluation.direct import loops
from nas_core.evaluation.direct.weights import Piece, Weights
from nas_core.evaluation.initializers import draw
from nas_core.space import steps
from nas_core.space.steps import MOMENTUM, NORM_EPSILON, Step

aten: Any = torch.ops.aten
BYTE = 256
LANES = 16  # numbers that a core multiplies at once; a product whose sides are no multiples takes up to a fifth longer
HEAD = "head"


class Layer(Protocol):
    """A step of the network; it notes on the way forth what it needs on the way back."""

    def forward(self, x: Tensor, is_training: bool) -> Tensor:
        """What it makes of `x`, (rows, width)."""

    def backward(self, d: Tensor) -> Tensor:
        """The gradient of `x` given that of the result; those of its weights are left in place."""


class Dropout:
    """Each value is left out, or scaled up, by a random byte: its rate is a multiple of 1/256."""

    def __init__(self, step: steps.Dropout, rng: np.random.Generator) -> None:
        self.rng = np.random.Generator(np.random.SFC64(rng.integers(2**63)))  # the fastest
        self.least = round(BYTE * step.rate)

    def forward(self, x: Tensor, is_training: bool) -> Tensor:
        """`x` itself when the network is used."""
        if not is_training:
            return x
        drawn = self.rng.integers(2**64, size=x.numel() // 8, dtype=np.uint64)  # widths are multiples of 8
        self.drawn = drawn.view(np.uint8).reshape(x.shape)
        return self._dropped(x)

    def backward(self, d: Tensor) -> Tensor:
        """What was left out has none."""
        return self._dropped(d)

    def _dropped(self, x: Tensor) -> Tensor:
        y = np.empty(x.shape, np.float32)
        loops.drop(x.numpy(), self.drawn, self.least, BYTE / (BYTE - self.least), y)
        return tensor(y)


class Keep:
    """Remembers the vector for the next :class:`Add`, which leaves its gradient here."""

    x: Tensor
    d: Tensor

    def forward(self, x: Tensor, is_training: bool) -> Tensor:
        """`x` as it is."""
        self.x = x
        return x

    def backward(self, d: Tensor) -> Tensor:
        """Both ways together."""
        return d + self.d


class Add:
    """Adds the vector that was kept."""

    def __init__(self, kept: Keep) -> None:
        self.kept = kept

    def forward(self, x: Tensor, is_training: bool) -> Tensor:
        """The sum."""
        return x + self.kept.x

    def backward(self, d: Tensor) -> Tensor:
        """The same for both."""
        self.kept.d = d
        return d


class BatchNorm:
    """Normalises over the batch, and when the network is used by moving statistics."""

    def __init__(self, name: str, weights: Weights) -> None:
        self.scale, self.shift, self.mean, self.variance = (tensor(weights.value[f"{name}/{i}"]) for i in range(4))
        self.d_scale, self.d_shift = (tensor(weights.gradient[f"{name}/{i}"]) for i in range(2))
        self.seen: list[list[Tensor]] = []  # of the batches by which the statistics have not moved yet

    def forward(self, x: Tensor, is_training: bool) -> Tensor:
        """Until the network is used, nobody asks for its statistics."""
        if not is_training:
            self._move()
            known = self.scale, self.shift, self.mean, self.variance
            return torch.native_batch_norm(x, *known, False, 0.0, NORM_EPSILON)[0]
        self.x = x
        y, *seen = torch.native_batch_norm(x, self.scale, self.shift, None, None, True, 0.0, NORM_EPSILON)
        self.seen.append(seen)
        return y

    def _move(self) -> None:
        """Let the statistics follow all batches at once: each one counts for less than the next."""
        if not self.seen:
            return
        means, factors = (torch.stack(each) for each in zip(*self.seen, strict=True))
        shares = (1 - MOMENTUM) * MOMENTUM ** torch.arange(len(means) - 1.0, -1.0, -1.0)
        for statistic, found in ((self.mean, means), (self.variance, factors.pow(-2).sub_(NORM_EPSILON))):
            statistic.mul_(MOMENTUM ** len(means)).add_(shares @ found)
        self.seen = []

    def backward(self, d: Tensor) -> Tensor:
        """Ioffe & Szegedy 2015, section 3."""
        statistics = None, None, *self.seen[-1]
        found = aten.native_batch_norm_backward(d, self.x, self.scale, *statistics, True, NORM_EPSILON, [True] * 3)
        d_x, d_scale, d_shift = cast(tuple[Tensor, Tensor, Tensor], found)
        self.d_scale.copy_(d_scale)
        self.d_shift.copy_(d_shift)
        return d_x


class RowNorm:
    """Normalises each row."""

    def __init__(self, name: str, weights: Weights) -> None:
        exact = weights.exact[f"{name}/0"]
        self.scale, self.shift = (weights.value[f"{name}/{i}"][exact] for i in range(2))
        self.d_scale, self.d_shift = (weights.gradient[f"{name}/{i}"][exact] for i in range(2))

    def forward(self, x: Tensor, is_training: bool) -> Tensor:
        """The same in training and in use."""
        self.x, y, self.moments = x.numpy(), np.empty(x.shape, np.float32), np.empty((2, len(x)), np.float32)
        loops.normalise(self.x, self.scale, self.shift, NORM_EPSILON, y, *self.moments)
        return tensor(y)

    def backward(self, d: Tensor) -> Tensor:
        """From what went in and its moments."""
        d_x = np.empty_like(self.x)
        loops.normalise_back(d.numpy(), self.x, self.scale, *self.moments, d_x, self.d_scale, self.d_shift)
        return tensor(d_x)


class Affine:
    """``x W + b``."""

    def __init__(self, name: str, weights: Weights) -> None:
        self.matrix, self.d_matrix = weights.value[f"{name}/0"], weights.gradient[f"{name}/0"]
        self.bias, self.d_bias = (tensor(of[f"{name}/1"]) for of in (weights.value, weights.gradient))

    def forward(self, x: Tensor, is_training: bool) -> Tensor:
        """A new array, that may be written to."""
        self.x = x.numpy()
        return tensor(np.dot(self.x, self.matrix)).add_(self.bias)

    def backward(self, d: Tensor) -> Tensor:
        """Two products."""
        known = d.numpy()
        np.dot(self.x.T, known, out=self.d_matrix)
        torch.sum(d, 0, out=self.d_bias)
        return tensor(np.dot(known, self.matrix.T))


class Relu:
    """A rectifier; it writes over what it is given."""

    def forward(self, x: Tensor, is_training: bool) -> Tensor:
        """What is positive."""
        self.y = torch.relu_(x)
        return self.y

    def backward(self, d: Tensor) -> Tensor:
        """Where it was."""
        return cast(Tensor, aten.threshold_backward(d, self.y, 0))


class Prelu:
    """A rectifier with a slope for each unit on its left side."""

    def __init__(self, name: str, weights: Weights) -> None:
        self.slope, self.d_slope = (of[f"{name}_slope/0"] for of in (weights.value, weights.gradient))

    def forward(self, x: Tensor, is_training: bool) -> Tensor:
        """Two straight lines."""
        self.x = x
        return torch.prelu(x, tensor(self.slope))

    def backward(self, d: Tensor) -> Tensor:
        """The slopes learn from what is negative."""
        d_x = np.empty(d.shape, np.float32)
        loops.prelu_back(d.numpy(), self.x.numpy(), self.slope, d_x, self.d_slope)
        return tensor(d_x)


class Silu:
    """``x σ(x)``."""

    def forward(self, x: Tensor, is_training: bool) -> Tensor:
        """Smooth on both sides."""
        self.x = x
        return torch.nn.functional.silu(x)

    def backward(self, d: Tensor) -> Tensor:
        """From what went in."""
        return cast(Tensor, aten.silu_backward(d, self.x))


class Tanh:
    """The hyperbolic tangent; it writes over what it is given."""

    def forward(self, x: Tensor, is_training: bool) -> Tensor:
        """numpy's is seven times as fast as PyTorch's."""
        np.tanh(x.numpy(), out=x.numpy())
        self.y = x
        return x

    def backward(self, d: Tensor) -> Tensor:
        """From what came out."""
        return cast(Tensor, aten.tanh_backward(d, self.y))


class Gate:
    """``2x ⊙ σ(x W + b)``."""

    def __init__(self, name: str, weights: Weights) -> None:
        self.affine = Affine(name, weights)

    def forward(self, x: Tensor, is_training: bool) -> Tensor:
        """How much of each value gets through."""
        self.opened, y = torch.sigmoid_(self.affine.forward(x, is_training)), np.empty(x.shape, np.float32)
        loops.gate(self.affine.x, self.opened.numpy(), y)
        return tensor(y)

    def backward(self, d: Tensor) -> Tensor:
        """Through the gate, and through what opens it."""
        d_opened = np.empty(d.shape, np.float32)
        loops.gate_back(d.numpy(), self.affine.x, self.opened.numpy(), d_opened)
        return self.affine.backward(tensor(d_opened)).addcmul_(d, self.opened, value=2)


ACTIVATIONS: dict[str, type[Layer]] = {"relu": Relu, "silu": Silu, "tanh": Tanh}
NORMS: dict[str, Callable[[str, Weights], Layer]] = {"batch": BatchNorm, "row": RowNorm}


def layers_of(found: Iterable[Step], weights: Weights, rng: np.random.Generator) -> Iterator[Layer]:
    """The layers that compute these steps with `weights`."""
    kept = Keep()
    for step in found:
        match step:
            case steps.Dropout():
                yield Dropout(step, rng)
            case steps.Keep():
                yield (kept := Keep())
            case steps.Add():
                yield Add(kept)
            case steps.Norm(name, over):
                yield NORMS[over](name, weights)
            case steps.Matrix(name, _, "gate"):
                yield Gate(name, weights)
            case steps.Matrix(name, _, activation):
                yield Affine(name, weights)
                if activation == "prelu":
                    yield Prelu(name, weights)
                elif activation != "linear":
                    yield ACTIVATIONS[activation]()


def pieces_of(found: Iterable[Step], width: int, rng: np.random.Generator) -> Iterator[Piece]:
    """The weights of these steps behind a vector of `width`, as they are first."""
    for step in found:
        if isinstance(step, steps.Norm):
            for i, initializer in enumerate(["ones", "zeros"]):
                yield Piece(f"{step.name}/{i}", draw(initializer, (width,), rng), room=(padded(width),))
            if step.over == "batch":
                for i, initializer in enumerate(["zeros", "ones"], 2):
                    yield Piece(f"{step.name}/{i}", draw(initializer, (width,), rng), False, (padded(width),))
        elif isinstance(step, steps.Matrix):
            units = step.units if step.name == HEAD else padded(step.units)
            matrix = draw(step.initializer, (width, step.units), rng)
            yield Piece(f"{step.name}/0", matrix, room=(padded(width), units))
            yield Piece(f"{step.name}/1", draw("zeros", (step.units,), rng), room=(units,))
            if step.activation == "prelu":
                yield Piece(f"{step.name}_slope/0", draw("zeros", (step.units,), rng), room=(units,))
            width = step.units


def padded(width: int) -> int:
    """`width` rounded up to whole vectors of the core."""
    return -(-width // LANES) * LANES


def tensor(array: np.ndarray) -> Tensor:
    """The same memory as a tensor."""
    return torch.from_numpy(array)
