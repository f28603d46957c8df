"""CNNEmbedder's signature, and what its options do."""

import inspect

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline

from skfusion import CNNEmbedder, EmbedderOptions

SIGNATURE = {
    "backbone": "small_cnn", "cut_layer": "flatten", "pooling": None, "cv": None, "weights": None,
    "image_size": None, "epochs": 30, "batch_size": 32, "learning_rate": 1e-3,
    "augmentation": None, "fine_tune": "auto", "validation_fraction": 0.1,
    "early_stopping": True, "n_iter_no_change": 10, "task": "auto", "options": None,
    "random_state": None, "cache": None, "reader": None, "color_mode": "auto",
    "image_shape": None, "missing": "error", "corrupt": "error", "verbose": 0,
}  # fmt: skip
QUICK = {"cut_layer": "dense", "epochs": 2, "early_stopping": False, "random_state": 0}
# One full batch in each epoch, without held-out rows: the same gradient for weights and copies.
WHOLE = {**QUICK, "epochs": 5, "batch_size": 512, "validation_fraction": 0}


def test_the_signature_is_short():
    parameters = inspect.signature(CNNEmbedder).parameters
    assert {name: parameter.default for name, parameter in parameters.items()} == SIGNATURE
    kinds = [parameter.kind for parameter in parameters.values()]
    assert kinds[0] == inspect.Parameter.POSITIONAL_OR_KEYWORD
    assert set(kinds[1:]) == {inspect.Parameter.KEYWORD_ONLY}


def test_no_options_are_the_default_options(stripes):
    X, y = stripes
    none = CNNEmbedder(**QUICK).fit_transform(X, y)
    default = CNNEmbedder(options=EmbedderOptions(), **QUICK).fit_transform(X, y)
    np.testing.assert_array_equal(none, default)


def test_options_after_set_params_equal_those_of_a_fresh_fit(stripes):
    X, y = stripes
    used = CNNEmbedder(options=EmbedderOptions(tta="both", optimizer="sgd"), **QUICK).fit(X, y)
    used.set_params(options__tta=None, options__optimizer="adam").fit(X, y)
    fresh = CNNEmbedder(**QUICK).fit(X, y)
    np.testing.assert_array_equal(used.transform(X), fresh.transform(X))


def test_a_search_over_options(stripes):
    X, y = stripes
    model = make_pipeline(CNNEmbedder(**QUICK), LogisticRegression())
    grid = {"cnnembedder__options__tta": [None, "horizontal"]}
    search = GridSearchCV(model, grid, cv=2, error_score="raise").fit(X, y)
    assert search.best_params_.keys() == grid.keys()


@pytest.mark.parametrize("n_iter_no_change", [1, 3])
def test_early_stopping_counts_epochs(stripes, n_iter_no_change):
    X, y = stripes
    noise = np.random.default_rng(0).permutation(y)
    embedder = CNNEmbedder(
        epochs=40, n_iter_no_change=n_iter_no_change, learning_rate=0.01, random_state=0
    ).fit(X, noise)
    losses = embedder.history_["val_loss"].to_numpy()
    assert len(losses) == losses.argmin() + 1 + n_iter_no_change < 40


def test_indicators_and_drift_are_options(stripes):
    X, y = stripes
    X = pd.DataFrame({"image": [None, *X["image"][1:]]})
    options = EmbedderOptions(add_indicator=True, drift="ignore")
    embedder = CNNEmbedder(options=options, missing="zero", **QUICK).fit(X, y)
    assert embedder.get_feature_names_out()[-1] == "image_missing"
    assert embedder.transform(X)[:2, -1].tolist() == [1, 0]
    assert embedder.drift_counts() == {}


TARGETS = {
    "classes": (lambda y: y, {}),
    "numbers": (lambda y: y + np.linspace(0, 3, len(y)) ** 2, {}),
    "huber": (lambda y: y + np.linspace(0, 3, len(y)) ** 2, {"loss": "huber"}),
    "bins": (lambda y: y + np.linspace(0, 3, len(y)) ** 2, {"target_bins": 4}),
}


@pytest.mark.parametrize("kind", TARGETS)
def test_weights_equal_repetition_with_one_full_batch(stripes, kind):
    """Weights reach the loss and the mean, the deviation and the quantiles of y."""
    X, y = stripes
    change, options = TARGETS[kind]
    y = change(np.asarray(y))
    weights = np.random.default_rng(0).integers(0, 3, len(y))
    weights[-1] = 0  # the highest number
    repeated = np.repeat(np.arange(len(y)), weights)
    embedders = [
        CNNEmbedder(**{**WHOLE, "cut_layer": "output"}, options=EmbedderOptions(**options))
        for _ in range(2)
    ]
    embedders[0].fit(X, y, sample_weight=weights)
    embedders[1].fit(X.iloc[repeated], y[repeated])
    np.testing.assert_allclose(embedders[0].transform(X), embedders[1].transform(X), atol=1e-4)


def test_the_scale_of_weights_does_not_matter(stripes):
    X, y = stripes
    weights = np.linspace(1, 2, len(y))
    one, other = (
        CNNEmbedder(options=EmbedderOptions(optimizer="sgd"), **QUICK)
        .fit(X, y, sample_weight=factor * weights)
        .transform(X)
        for factor in (1, 1000)
    )
    np.testing.assert_allclose(one, other, atol=1e-5)


def test_rows_that_all_weigh_nothing_are_an_error(stripes):
    X, y = stripes
    with pytest.raises(ValueError, match=r"All rows have weight 0|at least one non-zero"):
        CNNEmbedder(**QUICK).fit(X, y, sample_weight=np.zeros(len(y)))
