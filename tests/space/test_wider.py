"""Architectures made wider."""

from __future__ import annotations

from dataclasses import replace

from spaces import dense_space

from nas_core.space.architecture import Architecture, Choice
from nas_core.space.wider import widened

DROPOUT = Choice.of("dropout", rate=0.1)


def network(*units: int) -> Architecture:
    return Architecture((DROPOUT, *(Choice.of("dense", units=n, activation="relu") for n in units)))


def test_the_widest_layer_becomes_the_widest_of_the_space_and_the_others_with_it():
    assert widened(network(64, 32), dense_space()) == network(256, 128)


def test_what_cannot_be_wider_is_not_widened():
    space = dense_space()
    assert widened(network(256, 32), space) is None
    assert widened(network(), space) is None
    assert widened(network(128), replace(space, max_parameters=5_000)) is None
