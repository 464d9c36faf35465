"""RLlib starts Ray where none is; here it is started as the search stage does it, and ended with the module."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from nas_core.evaluation.pool import started_ray


@pytest.fixture(scope="module")
def ray_on_this_machine() -> Iterator[None]:
    with started_ray(None):
        yield
