"""Which networks are as good as the best, as far as the folds tell."""

from __future__ import annotations

from nas_core.training.judge import Verdict


def verdict(*scores: float) -> Verdict:
    return Verdict({}, sum(scores) / len(scores), scores)


def test_hard_folds_are_hard_for_all():
    best, always_behind, now_and_then = verdict(0.9, 0.5, 0.7), verdict(0.88, 0.48, 0.68), verdict(0.8, 0.58, 0.69)
    assert best.error > 0.1
    assert not always_behind.is_near(best)
    assert now_and_then.is_near(best)
    assert best.is_near(best)


def test_one_fold_says_nothing_of_chance():
    assert verdict(0.9).error == 0
    assert not verdict(0.89).is_near(verdict(0.9))
    assert verdict(0.91).is_near(verdict(0.9))
