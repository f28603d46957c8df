"""Stages of a training, and learning rates."""

from itertools import pairwise

import pytest

from skfusion.training._learning_rate_schedule import LearningRateSchedule
from skfusion.training._training_config import TrainingConfig

CONFIG = TrainingConfig(
    "mean_squared_error", epochs=4, learning_rate=0.1, fine_tune_learning_rate=0.02, warmup_epochs=1
)


def rates(rate, steps):
    return [rate.at(step) for step in range(steps)]


def test_from_the_start_there_is_one_stage():
    (stage,) = CONFIG.stages(None, None)
    assert (stage.name, stage.first, stage.learning_rate, stage.augments) == (
        "train",
        None,
        0.1,
        True,
    )


def test_first_the_top_then_what_lies_below_at_a_lower_rate():
    top, fine = CONFIG.stages("gap", "conv5")
    assert (top.name, top.first, top.learning_rate, top.augments) == ("top", "gap", 0.1, False)
    assert (fine.name, fine.first, fine.learning_rate) == ("fine-tune", "conv5", 0.02)
    assert len(CONFIG.stages("gap", None)) == 1


def test_the_warmup_is_counted_in_epochs():
    rate = CONFIG.schedule(CONFIG.stages(None, None)[0], steps_per_epoch=4)
    assert rates(rate, 6) == pytest.approx([0.025, 0.05, 0.075, 0.1, 0.1, 0.1])


def test_cosine_ends_near_zero_and_never_rises():
    rate = LearningRateSchedule(1.0, kind="cosine", warmup_steps=0, steps=50, patience=3)
    values = rates(rate, 50)
    assert values[0] == 1
    assert values[-1] < 0.01
    assert all(a >= b for a, b in pairwise(values))


def test_plateau_falls_when_the_loss_does_not():
    rate = LearningRateSchedule(1.0, kind="plateau", warmup_steps=0, steps=99, patience=2)
    seen = []
    for loss in (3.0, 2.0, 2.5, 2.0, 1.0, 1.5, 1.5, 1.5, 1.5):
        rate.update(loss)
        seen.append(rate.at(0))
    assert seen == pytest.approx([1, 1, 1, 0.3, 0.3, 0.3, 0.09, 0.09, 0.027])


@pytest.mark.parametrize("kind", ["constant", "cosine"])
def test_other_schedules_do_not_look_at_the_loss(kind):
    rate = LearningRateSchedule(1.0, kind=kind, warmup_steps=0, steps=10, patience=1)
    before = rates(rate, 10)
    for _ in range(5):
        rate.update(1.0)
    assert rates(rate, 10) == before
