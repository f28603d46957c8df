"""Heads inside scikit-learn's own tools."""

import numpy as np
import pytest
from sklearn.base import clone, is_classifier, is_regressor
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import StackingClassifier, StackingRegressor, VotingClassifier
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression, RidgeCV
from sklearn.model_selection import GridSearchCV, StratifiedKFold, cross_val_score
from sklearn.multioutput import MultiOutputClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skfusion import DenseClassifier, DenseRegressor, PixelFlattener, TrainingHistoryDisplay
from skfusion.datasets import make_image_table

HEAD = DenseClassifier(epochs=20, dropout=0.2, batch_size=16, random_state=0)
LINEAR = make_pipeline(StandardScaler(), LogisticRegression())


def test_kind_of_estimator():
    assert is_classifier(HEAD)
    assert is_regressor(DenseRegressor())
    assert is_classifier(make_pipeline(StandardScaler(), HEAD))


def test_an_int_as_cv_means_stratified_folds(blobs):
    X, y = blobs
    by_class = np.argsort(y, kind="stable")  # unshuffled, unstratified folds would miss a class
    folds = StratifiedKFold(3)
    scores = cross_val_score(HEAD, X[by_class], y[by_class], cv=3)
    np.testing.assert_array_equal(scores, cross_val_score(HEAD, X[by_class], y[by_class], cv=folds))
    assert scores.mean() > 0.8


def test_roc_auc_of_two_classes_and_of_three(blobs):
    X, y = blobs
    assert cross_val_score(HEAD, X, y == "bee", cv=3, scoring="roc_auc").mean() > 0.9
    assert cross_val_score(HEAD, X, y, cv=3, scoring="roc_auc_ovr").mean() > 0.9


@pytest.mark.parametrize("voting", ["soft", "hard"])
def test_voting(voting, blobs):
    X, y = blobs
    members = [("dense", HEAD), ("linear", LINEAR)]
    vote = VotingClassifier(members, voting=voting).fit(X, y)
    assert vote.score(X, y) > 0.8


@pytest.mark.parametrize("method", ["sigmoid", "isotonic"])
def test_calibration(method, blobs):
    X, y = blobs
    calibrated = CalibratedClassifierCV(HEAD, method=method, cv=3).fit(X, y)
    np.testing.assert_allclose(calibrated.predict_proba(X).sum(axis=1), 1)
    assert calibrated.score(X, y) > 0.8


def test_stacking(blobs, plane):
    X, y = blobs
    members = [("dense", HEAD), ("linear", LINEAR)]
    stack = StackingClassifier(members, LogisticRegression(), cv=3).fit(X, y)
    assert stack.transform(X).shape == (120, 6)  # probabilities of both
    assert stack.score(X, y) > 0.8
    dense = DenseRegressor(dropout=0, random_state=0)
    X, y = plane
    stack = StackingRegressor([("dense", dense)], RidgeCV(), cv=3).fit(X, y)
    assert stack.score(X, y) > 0.95


def test_search_over_layers_dropout_and_optimizers(blobs):
    X, y = blobs
    grid = {"hidden": [(), (8,)], "dropout": [0.0, 0.5], "optimizer": ["adam", "adadelta"]}
    search = GridSearchCV(
        DenseClassifier(epochs=5, random_state=0), grid, cv=2, scoring="roc_auc_ovr"
    ).fit(X, y)
    assert len(search.cv_results_["params"]) == 8
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()
    assert set(search.best_params_) == set(grid)


def test_two_workers_give_the_same(blobs):
    one, two = (cross_val_score(HEAD, *blobs, cv=2, n_jobs=n) for n in (1, 2))
    np.testing.assert_array_equal(one, two)


def test_threads_give_the_same(blobs):
    from joblib import parallel_backend

    one = cross_val_score(HEAD, *blobs, cv=4)
    with parallel_backend("threading", n_jobs=4):
        np.testing.assert_array_equal(cross_val_score(HEAD, *blobs, cv=4), one)


def test_several_columns_of_classes(blobs):
    X, y = blobs
    both = np.column_stack([y, np.where(y == "ant", "small", "large")])
    model = MultiOutputClassifier(HEAD).fit(X, both)
    assert (model.predict(X) == both).mean() > 0.85


def test_after_images_and_words():
    data = make_image_table(60, image_size=(8, 8), random_state=0)
    frame = data.frame.assign(note=["a small one", "a large one", "none"] * 20)
    probabilities = []
    for threshold in (0.0, 1.0):  # a dense or a sparse matrix
        columns = ColumnTransformer(
            [("image", PixelFlattener(), ["image"]), ("note", CountVectorizer(), "note")],
            sparse_threshold=threshold,
        )
        model = make_pipeline(columns, HEAD).fit(frame, data.target)
        probabilities.append(model.predict_proba(frame))
    np.testing.assert_allclose(*probabilities, rtol=1e-5)


def test_sample_weights_are_routed(blobs):
    import sklearn

    X, y = blobs
    with sklearn.config_context(enable_metadata_routing=True):
        head = clone(HEAD).set_fit_request(sample_weight=True)
        model = make_pipeline("passthrough", head)
        model.fit(X, y, sample_weight=np.where(y == "bee", 1.0, 0.0))
    assert (model.predict(X) == "bee").mean() > 0.7  # without weights: a third


@pytest.fixture
def plt():
    import matplotlib.pyplot as plt

    return plt


@pytest.mark.parametrize("metric", ["loss", "accuracy"])
def test_plot_history_draws_the_learning_curve(metric, blobs, plt):
    head = DenseClassifier(epochs=7, random_state=0).fit(*blobs)
    display = head.plot_history(metric=metric)
    assert isinstance(display, TrainingHistoryDisplay)
    training, validation = display.lines_
    np.testing.assert_array_equal(training.get_ydata(), head.history_[metric])
    np.testing.assert_array_equal(validation.get_ydata(), head.history_[f"val_{metric}"])
    assert display.ax_.get_legend().get_title().get_text() == ""


def test_the_curve_of_a_regression_has_no_accuracy(plane, plt):
    head = DenseRegressor(epochs=3, validation_fraction=0, random_state=0).fit(*plane)
    assert len(head.plot_history().lines_) == 1
    with pytest.raises(ValueError, match="no metric 'accuracy'"):
        head.plot_history(metric="accuracy")
    with pytest.raises(ValueError, match="one network that uses all columns"):
        TrainingHistoryDisplay.from_estimator(head, column="scan")


def test_scikit_learns_callbacks_see_epochs(blobs):
    pytest.importorskip("sklearn.callback", reason="scikit-learn 1.9 brought callbacks")
    from tests._utils.test_sklearn_compat import Recorder

    recorder = Recorder()
    head = DenseClassifier(epochs=2, random_state=0)
    head.set_callbacks(recorder).fit(*blobs)
    begun = [name for what, name in recorder.lines if what == "begin"]
    assert begun == ["fit", "train DenseClassifier", "epoch", "epoch"]


def test_a_progress_bar_is_shown_on_demand(blobs, capsys):
    DenseClassifier(epochs=2, verbose=1).fit(*blobs)
    assert "train DenseClassifier" in capsys.readouterr().err
    DenseClassifier(epochs=2).fit(*blobs)
    assert capsys.readouterr().err == ""
