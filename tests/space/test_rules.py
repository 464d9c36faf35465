"""The mask, the order of the codes, and what a network costs."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from spaces import dense_space

from nas_core.agents.agent import draw
from nas_core.space.architecture import Architecture, Choice
from nas_core.space.vocabulary import STOP, Vocabulary


def code_of(space, kind, **params):
    return space.vocabulary.encode(Architecture((Choice.of(kind, **params),)))[0]


def test_a_network_cannot_be_empty_and_stop_ends_it():
    space = dense_space()
    assert not space.mask(())[STOP]
    dense = code_of(space, "dense", units=64, activation="relu")
    assert space.mask((dense,))[STOP]
    assert space.mask((dense, STOP)).tolist() == [True] + [False] * (len(space.vocabulary) - 1)
    assert space.is_complete((dense, STOP))
    assert not space.is_complete((dense,))


def test_a_network_cannot_end_before_it_has_enough_layers():
    space = replace(dense_space(), min_layers=2)
    dense = code_of(space, "dense", units=64, activation="relu")
    assert [bool(space.mask((dense,) * n)[STOP]) for n in range(4)] == [False, False, True, True]
    assert all(len(draw(space, np.random.default_rng(seed))) >= 2 for seed in range(20))


def test_a_full_network_can_only_stop():
    space = dense_space(max_layers=2)
    dense = code_of(space, "dense", units=64, activation="relu")
    assert space.is_complete((dense, dense))
    assert space.mask((dense, dense)).sum() == 1


def test_dropout_does_not_follow_dropout():
    space = dense_space()
    dropout = code_of(space, "dropout", rate=0.25)
    kinds = [c.kind for c, legal in zip(space.vocabulary.choices, space.mask((dropout,))[1:], strict=True) if legal]
    assert "dropout" not in kinds
    assert {"dense", "residual", "normalization"} <= set(kinds)


def test_too_large_networks_are_masked_not_failed():
    space = dense_space(max_parameters=3_000)
    largest = code_of(space, "dense", units=256, activation="relu")
    assert not space.mask(())[largest]
    rng = np.random.default_rng(0)
    assert all(space.cost(draw(space, rng)).parameters <= 3_000 for _ in range(200))


def test_legal_sequences_are_those_that_the_mask_allows_step_by_step():
    space = dense_space()
    dense, dropout = code_of(space, "dense", units=32, activation="relu"), code_of(space, "dropout", rate=0.1)
    assert space.is_legal((dense, dropout, STOP, STOP, STOP))
    assert not space.is_legal((STOP, dense, STOP, STOP, STOP))
    assert not space.is_legal((dense, STOP, dense, STOP, STOP))
    assert not space.is_legal((dropout, dropout, STOP, STOP, STOP))
    assert not space.is_legal((dense,) * 6)


def test_vocabulary_and_architectures_survive_json():
    space = dense_space()
    vocabulary = Vocabulary.from_json(space.vocabulary.to_json())
    assert vocabulary == space.vocabulary
    codes = draw(space, np.random.default_rng(3))
    architecture = vocabulary.decode((*codes, STOP, STOP))
    again = Architecture.from_json(architecture.to_json())
    assert again == architecture
    assert again.fingerprint == architecture.fingerprint
    assert vocabulary.encode(again) == codes


def test_fingerprints_tell_architectures_apart():
    space, rng = dense_space(), np.random.default_rng(0)
    drawn = {draw(space, rng) for _ in range(300)}
    assert len({space.vocabulary.decode(codes).fingerprint for codes in drawn}) == len(drawn)


def test_operations_are_limited():
    space = dense_space()
    dear = max(space.cost((code,)).flops for code in range(1, len(space.vocabulary)))
    limited = replace(space, max_flops=dear - 1)
    assert [space.cost((code,)).flops < dear for code in range(1, len(space.vocabulary))] == limited.mask(())[
        1:
    ].tolist()


def test_a_choice_is_said_by_its_values_and_by_what_is_switched_on():
    assert str(Choice.of("dense", units=64, activation="relu")) == "dense relu 64"
    assert str(Choice.of("conv_residual", drop=True, excite=False)) == "conv_residual drop"
