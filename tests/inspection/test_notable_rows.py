"""Rows of an explanation that are typical, wrong, helped or harmed, and how they are drawn."""

import numpy as np
import pandas as pd
import pytest

from skfusion import Explanation, RowsDisplay

N = 30
KINDS = [
    "most typical",
    "most wrong",
    "most helped by the image",
    "most harmed by the image",
]


class ShownImage:
    """An image of an explanation, as it is decoded later."""

    def __init__(self, pixels):
        self.pixels = pixels

    def decode(self):
        return self.pixels


def make_explanation(seed=0, *, n_rows=N, probability=False, columns=("scan",), images=True):
    random = np.random.default_rng(seed)
    shares = random.normal(size=(n_rows, len(columns) + 1))
    if probability:
        shares *= random.uniform(0, 0.4, (n_rows, 1)) / np.abs(shares).sum(axis=1, keepdims=True)
    sources = pd.DataFrame(shares, columns=[*columns, "table"], index=random.permutation(n_rows))
    name, target = ("probability of 'sick'", "sick") if probability else ("prediction", None)
    pixels = random.integers(0, 256, (n_rows, 5, 7, 1), dtype=np.uint8)
    return Explanation(
        0.5,
        0.5 + shares.sum(axis=1),
        sources,
        names=[name] * n_rows,
        images={column: [ShownImage(each) for each in pixels] for column in columns}
        if images
        else {},
        target=target,
    )


def rows_of(found, kind):
    lines = found[found["kind"] == kind]
    return lines["row"].tolist(), lines["value"].to_numpy()


# The rows.


@pytest.mark.parametrize("seed", [0, 1, 2])
@pytest.mark.parametrize("columns", [("scan",), ("scan", "photo")], ids=["one", "two"])
def test_squared_errors_with_and_without_the_images(seed, columns):
    explanation = make_explanation(seed, columns=columns)
    y = np.random.default_rng(seed + 10).normal(size=N)
    found = explanation.find_rows(y, n_rows=5)
    images = explanation.sources[list(columns)].sum(axis=1).to_numpy()
    losses = (explanation.prediction - y) ** 2
    helped = (explanation.prediction - images - y) ** 2 - losses
    shares = explanation.sources.to_numpy()
    distance = np.abs(shares - np.median(shares, axis=0)).sum(axis=1)
    for kind, values, order in (
        ("most typical", distance, np.argsort(distance)),
        ("most wrong", losses, np.argsort(-losses)),
        ("most helped by the image", helped, np.argsort(-helped)),
        ("most harmed by the image", helped, np.argsort(helped)),
    ):
        rows, given = rows_of(found, kind)
        assert rows == order[:5].tolist(), kind
        np.testing.assert_allclose(given, values[rows])


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_log_losses_of_the_explained_class(seed):
    explanation = make_explanation(seed, probability=True)
    y = np.array(["well", "sick"])[np.random.default_rng(seed).integers(2, size=N)]
    found = explanation.find_rows(y, n_rows=3)
    chance = np.where(y == "sick", explanation.prediction, 1 - explanation.prediction)
    before = explanation.prediction - explanation.sources["scan"].to_numpy()
    without = np.where(y == "sick", before, 1 - before)
    rows, values = rows_of(found, "most wrong")
    assert rows == np.argsort(chance)[:3].tolist()
    np.testing.assert_allclose(values, -np.log(chance[rows]))
    rows, values = rows_of(found, "most helped by the image")
    np.testing.assert_allclose(values, np.log(chance[rows]) - np.log(without[rows]))


def test_chances_of_0_and_1_have_finite_losses():
    sources = pd.DataFrame({"scan": [0.5, -0.5], "table": [0.0, 0.0]})
    explanation = Explanation(
        0.5, np.array([1.0, 0.0]), sources, names=["probability of 'a'"] * 2, target="a"
    )
    found = explanation.find_rows(["b", "a"], n_rows=2)
    assert np.isfinite(found["value"]).all()
    assert rows_of(found, "most wrong")[1] == pytest.approx([-np.log(1e-6)] * 2, rel=1e-6)
    assert "most helped by the image" not in set(found["kind"])


@pytest.mark.parametrize("n_rows", [1, 4, 100])
def test_the_number_of_rows_of_each_kind(n_rows):
    found = make_explanation().find_rows(np.zeros(N), n_rows=n_rows)
    counts = found["kind"].value_counts()
    assert counts["most typical"] == counts["most wrong"] == min(n_rows, N)
    assert (counts <= n_rows).all()
    assert found["kind"].drop_duplicates().tolist() == KINDS
    assert (found.loc[found["kind"] == KINDS[2], "value"] > 0).all()
    assert (found.loc[found["kind"] == KINDS[3], "value"] < 0).all()
    if n_rows == 100:  # each row is helped or harmed
        assert counts[KINDS[2]] + counts[KINDS[3]] == N


def test_equal_rows_are_in_their_order():
    sources = pd.DataFrame({"scan": [0.1] * 4, "table": [0.0] * 4})
    explanation = Explanation(0.0, np.full(4, 0.1), sources)
    found = explanation.find_rows(np.zeros(4), n_rows=3)
    assert rows_of(found, "most typical")[0] == [0, 1, 2]
    assert rows_of(found, "most wrong")[0] == [0, 1, 2]
    assert rows_of(found, "most harmed by the image")[0] == [0, 1, 2]


@pytest.mark.parametrize("row", ["p3", 1.0, True, None], ids=repr)
def test_a_row_is_a_position(row):
    with pytest.raises(TypeError, match="row must be a position in the explanation, from 0 on"):
        make_explanation().describe(row)


def test_a_model_of_images_alone():
    sources = pd.DataFrame({"scan": [0.3, -0.1]})
    found = Explanation(1.0, np.array([1.3, 0.9]), sources).find_rows([1.3, 1.0], n_rows=1)
    assert rows_of(found, "most helped by the image")[0] == [0]
    assert rows_of(found, "most harmed by the image")[0] == [1]


@pytest.mark.parametrize("y", [[1.0], np.zeros((N, 1)), np.zeros(N + 1), 3.0], ids=str)
def test_a_target_of_another_shape(y):
    with pytest.raises(ValueError, match=r"y has shape .*explanation has 30 rows"):
        make_explanation().find_rows(y)


def test_rows_that_explain_their_own_class():
    explanation = make_explanation(probability=True)
    explanation.names = ["probability of 'sick'", *["probability of 'well'"] * (N - 1)]
    with pytest.raises(ValueError, match="target=one of the classes"):
        explanation.find_rows(["sick"] * N)


# The numbers of an explanation.


def test_the_summary_of_shares():
    explanation = make_explanation()
    explanation.table = pd.DataFrame({"age": np.arange(N), "scan": np.ones(N)})
    explanation.table.index = explanation.sources.index
    summary = explanation.summary()
    assert summary.index.tolist() == ["scan", "table", "age", "scan (column)"]
    shares = explanation.sources["table"]
    assert summary.loc["table"].tolist() == pytest.approx(
        [shares.abs().mean(), shares.mean(), shares.sem()]
    )
    assert summary.loc["age", "mean"] == pytest.approx((N - 1) / 2)
    assert summary.loc["scan (column)"].tolist() == [1, 1, 0]


@pytest.mark.parametrize("row", [0, 7, -1, -N])
def test_a_row_in_words(row):
    explanation = make_explanation(probability=True)
    value = explanation.prediction[row]
    side = "above" if value >= 0.5 else "below"
    expected = f"probability of 'sick': {value:.3g}, {abs(value - 0.5):.3g} {side} the average"
    assert explanation.describe(row).startswith(expected)


def test_each_row_may_have_its_own_average():
    sources = pd.DataFrame({"scan": [0.1, -0.2], "table": [0.0, 0.0]})
    explanation = Explanation(np.array([0.2, 0.8]), np.array([0.3, 0.6]), sources)
    assert explanation.describe(0) == "prediction: 0.3, 0.1 above the average of 0.2"
    assert explanation.describe(1) == "prediction: 0.6, 0.2 below the average of 0.8"


@pytest.mark.parametrize("row", [N, -N - 1])
def test_a_row_that_does_not_exist(row):
    explanation = make_explanation()
    for method in (explanation.describe, lambda row: explanation.image("scan", row)):
        with pytest.raises(ValueError, match=rf"Row {row} does not exist: .* 30 rows, 0 to 29"):
            method(row)


# The display.


def test_one_line_of_axes_for_each_kind():
    display = RowsDisplay.from_explanation(make_explanation(), np.zeros(N), n_rows=3)
    assert display.axes_.shape == (4, 3)
    titles = [axes[0].get_title(loc="left").split("\n") for axes in display.axes_]
    assert [title[0] for title in titles] == KINDS
    assert display.figure_.get_suptitle() == "Rows with their prediction"


def test_an_image_is_that_of_its_row_with_its_label_and_prediction():
    explanation = make_explanation()
    display = RowsDisplay.from_explanation(explanation, np.zeros(N), n_rows=2)
    rows = rows_of(display.rows, "most wrong")[0]
    for ax, row in zip(display.axes_[1], rows, strict=True):
        (image,) = ax.get_images()
        shown = image.get_array()
        np.testing.assert_array_equal(shown[..., 0], explanation.images["scan"][row].pixels[..., 0])
        assert shown.shape == (5, 7, 3)
        title = ax.get_title() or ax.get_title(loc="left").split("\n")[1]
        label = explanation.sources.index[row]
        name = f"row {row}" if label == row else f"row {row} (index {label})"
        assert title == f"{name}: {explanation.prediction[row]:.3g}"


def test_the_column_of_images_is_the_first_or_the_named_one():
    explanation = make_explanation(columns=("scan", "photo"))
    for image in explanation.images["photo"]:
        image.pixels = np.zeros((3, 3, 3), dtype=np.uint8)
    for column, shape in ((None, (5, 7, 3)), ("scan", (5, 7, 3)), ("photo", (3, 3, 3))):
        display = RowsDisplay.from_explanation(explanation, np.zeros(N), n_rows=1, column=column)
        assert display.axes_[0, 0].get_images()[0].get_array().shape == shape
    with pytest.raises(ValueError, match=r"no image column 'side'.* 'scan', 'photo'"):
        RowsDisplay.from_explanation(explanation, np.zeros(N), column="side")


@pytest.mark.parametrize("images", [False, None], ids=["no column", "no image"])
def test_rows_without_an_image_are_named(images):
    explanation = make_explanation(images=images is None)
    if images is None:
        for image in explanation.images["scan"]:
            image.pixels = None
    display = RowsDisplay.from_explanation(explanation, np.zeros(N), n_rows=1)
    (text,) = display.axes_[0, 0].texts
    assert text.get_text() == "no image"


def test_the_first_of_several_images():
    explanation = make_explanation()
    for image in explanation.images["scan"]:
        image.pixels = [image.pixels, np.zeros((2, 2, 1), dtype=np.uint8)]
    display = RowsDisplay.from_explanation(explanation, np.zeros(N), n_rows=1)
    assert display.axes_[0, 0].get_images()[0].get_array().shape == (5, 7, 3)
