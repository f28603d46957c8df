import numpy as np
import pytest

from skfusion.fusion._strategy_choice import choose, compare

RANDOM = np.random.default_rng(0)
NOISE = RANDOM.normal(size=400)


def losses(**means):
    """Row losses whose differences have a standard error of about .005."""
    return {
        name: mean + 0.1 * np.roll(NOISE, 7 * i) for i, (name, mean) in enumerate(means.items())
    }


def test_a_clearly_better_fusion_is_chosen():
    assert choose(losses(table=0.6, image=0.6, late=0.55, early=0.5, stacked=0.4)) == "stacked"
    assert choose(losses(table=0.6, image=0.6, late=0.55, stacked=0.5, early=0.4)) == "early"


def test_a_fusion_that_is_hardly_better_is_not():
    given = losses(table=0.401, image=0.6, late=0.4, early=0.4, stacked=0.4)
    assert choose(given) == "table"


def test_of_two_alike_fusions_the_one_that_leaves_out_nothing():
    assert choose(losses(table=0.6, image=0.7, late=0.4, early=0.4, stacked=0.401)) == "stacked"
    assert choose(losses(table=0.6, image=0.7, late=0.5, early=0.4, stacked=0.401)) == "stacked"
    assert choose(losses(table=0.6, image=0.7, late=0.4, early=0.4, stacked=0.42)) == "late"


def test_no_source_is_dropped_where_both_look_alike():
    given = losses(table=0.400, image=0.411, late=0.401, early=0.42, stacked=0.42)
    assert choose(given) == "late"


def test_alone_there_is_no_choice():
    assert choose(losses(table=0.4)) == "table"


def test_compare_shows_the_reason_of_the_choice():
    y = np.array([0, 1] * 50)
    good, bad = np.eye(2)[y] * 0.6 + 0.2, np.full((100, 2), 0.5)
    predictions = {"table": good, "image": bad, "late": good, "stacked": good, "early": bad}
    scores = compare(predictions, y, np.ones(100))
    assert scores.index[scores["chosen"]].tolist() == ["table"]
    assert scores.loc["image", "loss"] == pytest.approx(np.log(2))
    assert scores.loc["image", "difference"] == pytest.approx(np.log(2) + np.log(0.8))
    assert scores.loc["table", "standard_error"] == 0
    assert scores["accuracy"].tolist() == [1, 0.5, 1, 1, 0.5]


def test_weights_count_as_rows():
    given = losses(table=0.6, image=0.6, late=0.55, early=0.5, stacked=0.49)
    weights = np.random.default_rng(0).integers(0, 3, 400)
    repeated = {name: np.repeat(loss, weights) for name, loss in given.items()}
    assert choose(given, weights) == choose(repeated)


def test_losses_without_weight_do_not_count():
    given = losses(table=0.6, image=0.6, late=0.55, early=0.5, stacked=0.4)
    weights = np.arange(400) >= 40
    given["stacked"] = np.where(weights, given["stacked"], 99)
    assert choose(given, weights) == "stacked"
    assert choose(given) != "stacked"


def test_compare_keeps_to_what_was_asked_for():
    y = np.arange(10.0)
    predictions = {"table": y, "image": y + 1, "late": y + 2}
    scores = compare(predictions, y, np.ones(10), "late")
    assert scores.index[scores["chosen"]].tolist() == ["late"]
    assert scores["loss"].tolist() == [0, 1, 4]
    assert scores["r2"].tolist() == pytest.approx([1, 1 - 1 / 8.25, 1 - 4 / 8.25])
