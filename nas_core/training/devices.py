"""The GPUs that a fit finds, and how it calculates on them. Without any nothing changes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

WIDE_ENOUGH = (8, 0)  # compute capability from which on a GPU multiplies bfloat16 faster than float32


def gpus() -> list[str]:
    """The names of the GPUs of this process."""
    import tensorflow as tf

    return [device.name for device in tf.config.list_logical_devices("GPU")]


def has_gpu() -> bool:
    """Whether this machine has any that TensorFlow can use."""
    import tensorflow as tf

    return bool(tf.config.list_physical_devices("GPU"))


@contextmanager
def low_precision() -> Iterator[None]:
    """Within, layers are built to calculate with bfloat16 where all GPUs do that well; weights stay float32.

    bfloat16 has the range of float32, so that losses need no scaling (Kalamkar et al., 2019). What has to be exact, a
    head, says so itself.
    """
    import keras

    before = keras.config.dtype_policy()
    if is_low_precision_fast():
        keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)


def is_low_precision_fast() -> bool:
    """Whether there are GPUs, and all of them are made for bfloat16."""
    import tensorflow as tf

    about = map(tf.config.experimental.get_device_details, tf.config.list_physical_devices("GPU"))
    capabilities = [tuple(each.get("compute_capability", (0, 0))) for each in about]
    return bool(capabilities) and min(capabilities) >= WIDE_ENOUGH
