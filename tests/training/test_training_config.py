"""The stages of a training, and its learning rates."""

from itertools import pairwise

import pytest

from skfusion.training._schedule import LearningRate
from skfusion.training._training_config import TrainingConfig

PLAN = TrainingConfig(
    "mean_squared_error", epochs=4, learning_rate=0.1, fine_tune_learning_rate=0.02, warm_up=1
)


def rates(rate, steps):
    return [rate.at(step) for step in range(steps)]


def test_from_the_start_there_is_one_stage():
    (stage,) = PLAN.stages(None, None)
    assert (stage.name, stage.first, stage.learning_rate, stage.augments) == (
        "train",
        None,
        0.1,
        True,
    )


def test_first_the_top_then_what_lies_below_at_a_lower_rate():
    top, fine = PLAN.stages("gap", "conv5")
    assert (top.name, top.first, top.learning_rate, top.augments) == ("top", "gap", 0.1, False)
    assert (fine.name, fine.first, fine.learning_rate) == ("fine-tune", "conv5", 0.02)
    assert len(PLAN.stages("gap", None)) == 1


def test_the_plan_counts_in_epochs():
    rate = PLAN.learning_rate_of(PLAN.stages(None, None)[0], steps_per_epoch=4)
    assert rates(rate, 6) == pytest.approx([0.025, 0.05, 0.075, 0.1, 0.1, 0.1])


def test_cosine_ends_near_zero_and_never_rises():
    rate = LearningRate(1.0, schedule="cosine", warm_up=0, steps=50, patience=3)
    values = rates(rate, 50)
    assert values[0] == 1
    assert values[-1] < 0.01
    assert all(a >= b for a, b in pairwise(values))


def test_plateau_falls_when_the_loss_does_not():
    rate = LearningRate(1.0, schedule="plateau", warm_up=0, steps=99, patience=2)
    seen = []
    for loss in (3.0, 2.0, 2.5, 2.0, 1.0, 1.5, 1.5, 1.5, 1.5):
        rate.after_epoch(loss)
        seen.append(rate.at(0))
    assert seen == pytest.approx([1, 1, 1, 0.3, 0.3, 0.3, 0.09, 0.09, 0.027])


@pytest.mark.parametrize("schedule", ["constant", "cosine"])
def test_other_schedules_do_not_look_at_the_loss(schedule):
    rate = LearningRate(1.0, schedule=schedule, warm_up=0, steps=10, patience=1)
    before = rates(rate, 10)
    for _ in range(5):
        rate.after_epoch(1.0)
    assert rates(rate, 10) == before
