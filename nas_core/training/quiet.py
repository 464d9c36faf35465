"""TensorFlow's chatter, which nobody who reads a run's log can act upon."""

from __future__ import annotations

import logging
import os


def quiet_tensorflow() -> None:
    """Keep TensorFlow to errors. To be called before it is imported."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    logging.getLogger("tensorflow").setLevel(logging.ERROR)
