"""What lives in a worker process: the data, a bank, and TensorFlow with Keras for what no bank holds."""

from __future__ import annotations

import gc
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from nas_core.data.prepared import Prepared
from nas_core.errors import CandidateError
from nas_core.evaluation.candidate import BankTrainer, Recipe, Request, train_candidate
from nas_core.evaluation.evaluation import Evaluation
from nas_core.training.model import ends
from nas_core.training.quiet import quiet_tensorflow


class Trainer:
    """Trains candidates on one core, or `on_gpu` on a share of one."""

    def __init__(self, data: Prepared, recipe: Recipe, on_gpu: bool = False) -> None:
        self.data, self.recipe = data, recipe
        gc.disable()  # what is imported stays: to look through it again and again takes a sixth of this
        is_of_pictures = len(ends(data.transforms).shape) > 1
        if on_gpu or is_of_pictures:
            ready_tensorflow(is_of_pictures)
        self.bank = BankTrainer(data, recipe, on_gpu)
        gc.freeze()  # nor later: it would take as long as a small training
        gc.enable()

    def train(self, requests: Sequence[Request]) -> tuple[list[Evaluation], int]:
        """The evaluations, failed ones too, and the size of this process in bytes, mapped arrays aside."""
        forget_peak()
        banked = [each for each in requests if not each.recipe and self.bank.holds(each.architecture)]
        found = dict(zip(banked, self._train_banked(banked), strict=True))
        found |= {request: self._train_alone(request) for request in requests if request not in found}
        peak = memory("VmHWM")
        return [replace(found[request], memory=peak) for request in requests], memory("RssAnon")

    def _train_banked(self, requests: Sequence[Request]) -> list[Evaluation]:
        """Train side by side; when that goes wrong one by one, and what goes wrong alone through Keras."""
        if not requests:
            return []
        try:
            return self.bank.train(requests)
        except failures():
            if len(requests) == 1:
                return [self._train_alone(requests[0])]
            return [evaluation for request in requests for evaluation in self._train_banked([request])]

    def _train_alone(self, request: Request) -> Evaluation:
        if "tensorflow" not in sys.modules:
            ready_tensorflow(of_pictures=False)
        recipe = request.recipe or self.recipe
        try:
            return train_candidate(self.data, recipe, request.architecture, request.parent)
        except failures(CandidateError, ValueError) as error:
            reason = f"{type(error).__name__}: {(str(error).splitlines() or [''])[0]}"
            return recipe.failed(request.architecture, request.parent, reason)


def ready_tensorflow(of_pictures: bool) -> None:
    """Import TensorFlow, seconds that a table in a bank does not need, and set it to one core."""
    tf = import_tensorflow()
    # Candidates run side by side, one core each; one thread also makes equal seeds give equal weights.
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    if of_pictures:
        # For the few steps of a candidate, to look for faster graphs takes longer than it saves.
        tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": True})
    for gpu in tf.config.list_physical_devices("GPU"):
        tf.config.experimental.set_memory_growth(gpu, True)


def failures(*more: type[Exception]) -> tuple[type[Exception], ...]:
    """What a training may end with by no fault of ours, and `more`; a RuntimeError is how PyTorch says it."""
    tf: Any = sys.modules.get("tensorflow")
    return (MemoryError, RuntimeError, *([tf.errors.OpError] if tf else []), *more)


def import_tensorflow() -> Any:
    """TensorFlow without scikit-learn and pandas, which Keras would only wrap: a quarter of the import is theirs."""
    quiet_tensorflow()
    spared: dict[str, Any] = dict.fromkeys({"sklearn", "pandas"} - sys.modules.keys())
    sys.modules.update(spared)  # None makes an import fail
    try:
        import tensorflow as tf
    finally:
        for name in spared:
            del sys.modules[name]
    return tf


def memory(name: str) -> int:
    """A size of this process in bytes: ``RssAnon`` without mapped files, ``VmHWM`` the most so far, with them."""
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith(f"{name}:"))
    return 1024 * int(line.split()[1])


def forget_peak() -> None:
    """Let the peak begin with what is held now (see proc(5))."""
    Path("/proc/self/clear_refs").write_text("5")
