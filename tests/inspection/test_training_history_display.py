"""Curves of a training."""

import sys

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from sklearn.exceptions import NotFittedError

from skfusion import CNNEmbedder, DenseRegressor, PixelFlattener, TrainingHistoryDisplay

TRAIN = (("train", 4),)
STAGES = (("top", 2), ("fine-tune", 3))


@pytest.fixture(autouse=True)
def plt():
    mpl.use("Agg")
    import matplotlib.pyplot as plt

    return plt


def run(fold=-1, column="scan", stages=TRAIN, val_loss=None):
    """Return the history of one network, with different validation losses for each fold."""
    stage = [name for name, length in stages for _ in range(length)]
    epoch = [i for _, length in stages for i in range(length)]
    losses = 1 / np.arange(1.0, len(epoch) + 1)
    return pd.DataFrame(
        {
            "column": column,
            "fold": fold,
            "stage": stage,
            "epoch": epoch,
            "loss": losses,
            "accuracy": 1 - losses,
            "learning_rate": 1e-3,
            "val_loss": losses + fold / 10 if val_loss is None else val_loss,
            "val_accuracy": 0.9 - losses,
        }
    )


def labels(display):
    return [text.get_text() for text in display.ax_.get_legend().get_texts()]


# Curves.


def test_curves_of_the_final_network():
    history = run()
    display = TrainingHistoryDisplay(history).plot()
    training, validation = display.lines_
    np.testing.assert_array_equal(training.get_xdata(), [1, 2, 3, 4])
    np.testing.assert_array_equal(training.get_ydata(), history["loss"])
    np.testing.assert_array_equal(validation.get_ydata(), history["val_loss"])
    assert (display.ax_.get_xlabel(), display.ax_.get_ylabel()) == ("epoch", "loss")
    assert display.figure_ is display.ax_.figure
    assert labels(display) == ["training", "validation", "lowest validation loss (epoch 4)"]
    assert display.fold_lines_ == display.stage_lines_ == []


def test_accuracy():
    history = run()
    display = TrainingHistoryDisplay(history).plot(metric="accuracy")
    for line, name in zip(display.lines_, ["accuracy", "val_accuracy"], strict=True):
        np.testing.assert_array_equal(line.get_ydata(), history[name])
    assert display.ax_.get_ylabel() == "accuracy"


@pytest.mark.parametrize("width", [3.6, 7])
def test_the_legend_covers_no_curve(width, plt):
    """Narrow axes have their legend below, where it does not overlap the label of the axis."""
    figure, ax = plt.subplots(figsize=(width, 4), layout="constrained")
    folds = [run(fold) for fold in range(3)]
    TrainingHistoryDisplay(pd.concat([run(), *folds])).plot(ax)
    figure.canvas.draw()
    legend = ax.get_legend().get_window_extent()
    is_below = legend.y1 < ax.xaxis.label.get_window_extent().y0
    assert is_below == (width < 5)
    assert legend.x0 >= 0
    assert legend.x1 <= figure.bbox.x1
    assert legend.y0 >= 0


def test_a_legend_stays_inside_without_a_layout_engine(plt):
    figure, ax = plt.subplots(figsize=(3.6, 4))
    TrainingHistoryDisplay(run()).plot(ax)
    figure.canvas.draw()
    assert ax.get_legend().get_window_extent().y0 > ax.get_window_extent().y0


def test_validation_curves_of_the_folds():
    folds = [run(fold) for fold in range(3)]
    display = TrainingHistoryDisplay(pd.concat([run(), *folds])).plot()
    assert len(display.fold_lines_) == 3
    for line, fold in zip(display.fold_lines_, folds, strict=True):
        np.testing.assert_array_equal(line.get_ydata(), fold["val_loss"])
        assert line.get_linewidth() < display.lines_[0].get_linewidth()
        assert line.get_zorder() < display.lines_[0].get_zorder()
    assert labels(display)[3:] == ["validation, 3 folds"]


def test_a_fold_that_trained_longer_is_drawn_whole():
    longer = run(0, stages=(("train", 9),))
    display = TrainingHistoryDisplay(pd.concat([run(), longer])).plot()
    assert display.ax_.get_xlim()[1] > 9
    assert labels(display)[-1] == "validation, 1 fold"


@pytest.mark.parametrize(("metric", "name"), [("loss", "val_loss"), ("accuracy", "val_accuracy")])
def test_the_marker_is_on_the_first_epoch_with_the_lowest_validation_loss(metric, name):
    history = run(val_loss=[3.0, 1.0, 1.0, 2.0])
    display = TrainingHistoryDisplay(history).plot(metric=metric)
    assert display.best_.get_xdata() == [2]
    assert display.best_.get_ydata() == [history[name][1]]


def test_epochs_are_counted_through_the_stages():
    display = TrainingHistoryDisplay(run(stages=STAGES)).plot()
    np.testing.assert_array_equal(display.lines_[0].get_xdata(), [1, 2, 3, 4, 5])
    (line,) = display.stage_lines_
    assert list(line.get_xdata()) == [2.5, 2.5]
    (names,) = display.ax_.child_axes
    assert [label.get_text() for label in names.get_xticklabels()] == ["top", "fine-tune"]
    assert list(names.get_xticks()) == [1.5, 4]


def test_the_marker_is_in_the_last_stage():
    history = run(stages=STAGES, val_loss=[0.1, 0.2, 0.5, 0.3, 0.4])
    display = TrainingHistoryDisplay(history).plot()
    assert display.best_.get_xdata() == [4]
    assert display.best_.get_label() == "lowest validation loss in fine-tune (epoch 4)"


def test_one_of_several_columns():
    scan, photo = run(column="scan"), run(column="photo", val_loss=[4.0, 3.0, 2.0, 1.0])
    display = TrainingHistoryDisplay(pd.concat([scan, photo]), column="photo").plot()
    np.testing.assert_array_equal(display.lines_[1].get_ydata(), photo["val_loss"])
    assert display.ax_.get_legend().get_title().get_text() == "photo"


def test_axes_of_the_user(plt):
    figure, ax = plt.subplots()
    display = TrainingHistoryDisplay(run()).plot(ax)
    assert display.ax_ is ax
    assert display.figure_ is figure
    assert plt.get_fignums() == [figure.number]


def test_it_can_be_drawn_again():
    display = TrainingHistoryDisplay(run())
    first = display.plot().figure_
    assert display.plot(metric="accuracy") is display
    assert display.figure_ is not first


def test_the_history_is_not_changed():
    history = pd.concat([run(stages=STAGES), run(0, stages=STAGES)])
    before = history.copy()
    TrainingHistoryDisplay(history).plot()
    pd.testing.assert_frame_equal(history, before)


# Incomplete histories.


def test_a_single_epoch_is_a_point():
    one = (("train", 1),)
    history = pd.concat([run(stages=one), run(0, stages=one)])
    display = TrainingHistoryDisplay(history).plot()
    assert all(line.get_marker() == "o" for line in display.lines_ + display.fold_lines_)
    display.figure_.canvas.draw()
    low, high = display.ax_.get_xlim()
    assert [tick for tick in display.ax_.get_xticks() if low <= tick <= high] == [1]


@pytest.mark.parametrize("lack", ["absent", "nan"])
def test_no_validation(lack):
    history = pd.concat([run(), run(0)])
    measured = ["val_loss", "val_accuracy"]
    if lack == "absent":
        history = history.drop(columns=measured)
    else:
        history[measured] = np.nan
    display = TrainingHistoryDisplay(history).plot()
    assert labels(display) == ["training", "lowest training loss (epoch 4)"]
    assert display.fold_lines_ == []


def test_a_fold_without_validation_is_left_out():
    history = pd.concat([run(), run(0), run(1, val_loss=np.nan)])
    assert len(TrainingHistoryDisplay(history).plot().fold_lines_) == 1


def test_neither_stages_nor_learning_rates():
    history = run().drop(columns=["stage", "learning_rate"])
    display = TrainingHistoryDisplay(history).plot()
    assert display.best_.get_label() == "lowest validation loss (epoch 4)"
    assert display.stage_lines_ == []


# Wrong use.


def test_several_columns_need_a_name():
    history = pd.concat([run(column="scan"), run(column="photo")])
    with pytest.raises(ValueError, match=r"2 columns of images: 'scan', 'photo'\. Pass one"):
        TrainingHistoryDisplay(history).plot()


def test_unknown_column():
    with pytest.raises(ValueError, match=r"no column 'age'\. .* are: 'scan'\."):
        TrainingHistoryDisplay(run(), column="age").plot()


@pytest.mark.parametrize("metric", ["accuracy", "val_loss", "epoch", "learning_rate", "auc"])
def test_unknown_metric(metric, plt):
    history = run().drop(columns=["accuracy", "val_accuracy"])
    with pytest.raises(ValueError, match=rf"no metric '{metric}'\. Its metrics are: 'loss'\."):
        TrainingHistoryDisplay(history).plot(metric=metric)
    assert plt.get_fignums() == []


def test_not_fitted():
    with pytest.raises(NotFittedError):
        TrainingHistoryDisplay.from_estimator(CNNEmbedder())


def test_an_estimator_without_a_history():
    flattener = PixelFlattener().fit(np.zeros((2, 4, 4), dtype=np.uint8))
    with pytest.raises(TypeError, match=r"PixelFlattener has no training history\. Pass a fitted"):
        TrainingHistoryDisplay.from_estimator(flattener)


def test_no_matplotlib(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)
    with pytest.raises(ImportError, match=r"pip install 'skfusion\[plot\]'"):
        TrainingHistoryDisplay(run()).plot()


# Estimators.


@pytest.fixture(scope="module")
def embedder():
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (30, 12, 12), dtype=np.uint8)
    frame = pd.DataFrame({name: list(images) for name in ("scan", "photo")})
    embedder = CNNEmbedder(cut_layer="dense", epochs=3, cv=2, random_state=0)
    embedder.fit_transform(frame, np.arange(30) % 2)
    return embedder


def test_from_estimator(embedder, plt):
    ax = plt.figure().subplots()
    display = TrainingHistoryDisplay.from_estimator(
        embedder, column="photo", metric="accuracy", ax=ax
    )
    history = embedder.history_
    final = history[(history["column"] == "photo") & (history["fold"] == -1)]
    for line, name in zip(display.lines_, ["accuracy", "val_accuracy"], strict=True):
        np.testing.assert_array_equal(line.get_ydata(), final[name])
    assert len(display.fold_lines_) == 2
    assert display.ax_ is ax


def test_from_estimator_with_several_columns(embedder):
    with pytest.raises(ValueError, match="'scan', 'photo'"):
        TrainingHistoryDisplay.from_estimator(embedder)


def test_r2_of_a_regressor():
    X = np.random.default_rng(0).normal(size=(60, 3))
    head = DenseRegressor(epochs=5, random_state=0).fit(X, X[:, 0])
    display = TrainingHistoryDisplay.from_estimator(head, metric="r2")
    np.testing.assert_array_equal(display.lines_[1].get_ydata(), head.history_["val_r2"])
    assert display.ax_.get_ylabel() == "R2"
    with pytest.raises(ValueError, match="this is the history of one network"):
        TrainingHistoryDisplay.from_estimator(head, column="image")
