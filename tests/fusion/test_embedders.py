"""Several embedders, of which the better ones count."""

import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skfusion import (
    CNNEmbedder,
    EmbedderOptions,
    FusionClassifier,
    ImageDescriptors,
    PixelFlattener,
    PretrainedGAP,
)
from tests.fusion.conftest import CLASSIFIERS, classifier, make_rows, regressor
from tests.networks_for_tests import tiny_cnn

TINY = {"filters": (2, 2), "dense_units": 3}
pytestmark = pytest.mark.filterwarnings("ignore::skfusion.exceptions.ImageDriftWarning")
NOISE = "image: noise"


class NoiseEmbedder(StandardScaler):
    """Give each image random features, whatever it shows."""

    def fit(self, X, y=None, sample_weight=None):
        return super().fit(self._draw(X))

    def fit_transform(self, X, y=None):
        return self.fit(X).transform(X)

    def transform(self, X):
        return super().transform(self._draw(X))

    def _draw(self, X):
        sums = [int(np.sum(image)) for image in np.ravel(X)]
        return np.stack([np.random.default_rng(number).normal(size=6) for number in sums])


class TargetEmbedder(StandardScaler):
    """Recognize the images of `fit` and return their targets: an embedder that memorizes."""

    def fit_transform(self, X, y):
        self.known_ = {image.tobytes(): label for image, label in zip(np.ravel(X), y, strict=True)}
        return self.transform(X)

    def transform(self, X):
        labels = [self.known_.get(image.tobytes(), 0.5) for image in np.ravel(X)]
        return np.array(labels, dtype=float)[:, None]


def two(**embedders):
    return {"pixels": PixelFlattener(missing="nan"), "noise": NoiseEmbedder()} | embedders


@pytest.fixture(scope="module")
def fitted():
    rows = make_rows(120, table=0.5, image=1.0)
    return classifier(strategy="stacked").set_params(embedder=two()).fit(*rows), rows


def test_the_embedder_that_shows_more_has_more_weight(fitted):
    fusion, _ = fitted
    scores = fusion.embedder_scores_
    assert scores.index.tolist() == ["image: pixels", NOISE]
    assert scores.columns.tolist() == ["loss", "accuracy", "weight"]
    assert scores.loc["image: pixels", "weight"] > 0.8
    assert scores["weight"].sum() == pytest.approx(1)
    assert scores.loc["image: pixels", "accuracy"] > scores.loc[NOISE, "accuracy"] + 0.2


def test_noise_beside_a_good_embedder_does_no_harm(fitted):
    fusion, rows = fitted
    alone = classifier(strategy="stacked").fit(*rows)
    losses = [each.strategy_scores_.loc["image", "loss"] for each in (fusion, alone)]
    assert losses[0] < losses[1] + 0.01
    new = make_rows(200, table=0.5, image=1.0, seed=1)
    assert fusion.score(*new) > alone.score(*new) - 0.03


def test_the_verdict_names_the_embedders(fitted):
    text = str(fitted[0].verdict_)
    assert "  image: pixels: log loss" in text
    assert "weight 0." in text
    assert "Embedders" not in str(classifier(strategy="late").fit(*fitted[1]).verdict_)


def test_an_embedder_without_weight_is_not_used_for_new_rows():
    frame, y = make_rows(150, table=0.3, image=2.0)
    fusion = classifier(strategy="late").set_params(embedder=two()).fit(frame, y)
    report = fusion.fit_report_
    assert report.loc[NOISE, "status"] == "not used"
    assert report.loc["image: pixels", "status"] == "used"
    pixels = classifier(strategy="late").fit(frame, y)
    np.testing.assert_allclose(fusion.predict_proba(frame), pixels.predict_proba(frame), atol=0.05)


def test_a_fitted_fusion_can_be_saved_cloned_and_asked_for_single_rows(fitted):
    fusion, (frame, y) = fitted
    expected = fusion.predict_proba(frame)
    loaded = pickle.loads(pickle.dumps(fusion))
    np.testing.assert_array_equal(loaded.predict_proba(frame), expected)
    again = clone(fusion).fit(frame, y)
    np.testing.assert_array_equal(again.predict_proba(frame), expected)
    np.testing.assert_allclose(fusion.predict_proba(frame[5:6]), expected[5:6], rtol=1e-5)


def test_importance_shuffles_the_images_of_all_embedders(fitted):
    importance = fitted[0].source_importance_
    assert importance.index.tolist() == ["table (all columns)", "age", "sex", "scan"]
    assert importance.loc["scan", "permuted"] > 0.05


def test_rows_that_lack_an_image(fitted):
    frame, _ = fitted[1]
    some = frame.assign(scan=frame["scan"].where(np.arange(120) % 3 > 0, None))
    both = [PixelFlattener(missing="nan"), PixelFlattener((2, 2), missing="nan")]
    model = classifier(strategy="stacked").set_params(embedder=both)
    model.fit(*make_rows(80, image=1.0))
    given = model.predict_proba(some)
    table = model.predict_proba(frame.assign(scan=None))
    np.testing.assert_allclose(given[::3], table[::3])


def test_numbers():
    frame, y = make_rows(90, table=0.5, image=1.0)
    target = 10.0 * (y == "yes") + np.random.default_rng(0).normal(size=90)
    model = regressor(strategy="stacked").set_params(embedder=two()).fit(frame, target)
    scores = model.embedder_scores_
    assert scores.loc["image: pixels", "r2"] > scores.loc[NOISE, "r2"] + 0.3
    assert model.score(frame, target) > 0.7


@pytest.mark.parametrize("strategy", ["early", "joint"])
def test_strategies_that_take_both_sources_side_by_side(strategy):
    frame, y = make_rows(80, table=0.5, image=1.0)
    model = classifier(strategy=strategy, cv=2).set_params(embedder=two()).fit(frame, y)
    assert model.score(frame, y) > 0.7
    if strategy == "joint":
        assert model.embedder_scores_["weight"].isna().all()
        lines = [line for line in str(model.verdict_).splitlines() if line.startswith("  image: ")]
        assert len(lines) == 2
        assert "weight" not in "".join(lines)


# Names.


def test_names_of_embedders():
    frame, y = make_rows(24, image=2.0)
    embedders = [
        ImageDescriptors(("intensity",)),
        PixelFlattener(),
        make_pipeline(PixelFlattener((2, 2)), StandardScaler()),
        NoiseEmbedder(),
        PretrainedGAP([tiny_cnn, "small_cnn"], weights=None),
        CNNEmbedder(tiny_cnn, cut_layer="dense", epochs=1),
    ]
    fusion = classifier(strategy="late", cv=2).set_params(embedder=embedders).fit(frame, y)
    assert fusion.embedder_scores_.index.tolist() == [
        "image: descriptors",
        "image: pixels",
        "image: pixels 2",
        "image: NoiseEmbedder",
        "image: tiny_cnn and small_cnn",
        "image: tiny_cnn trained",
    ]
    one = classifier(strategy="late", cv=2).set_params(embedder=embedders[:1]).fit(frame, y)
    assert one.embedder_scores_.index.tolist() == ["image"]


@pytest.mark.parametrize(
    ("embedder", "match"),
    [([], "embedder is empty"), ([LogisticRegression()], "no transformer"), ("pixels", "embedder")],
    ids=["empty", "model", "text"],
)
def test_wrong_embedders(rows, embedder, match):
    with pytest.raises(ValueError, match=match):
        classifier().set_params(embedder=embedder).fit(*rows)


# Embedders that learn.


def test_an_embedder_that_memorizes_is_fitted_inside_each_fold():
    frame, y = make_rows(120, table=1.0, image=1.5)
    embedder = {"pixels": PixelFlattener(), "memory": TargetEmbedder()}
    labels = (y == "yes").astype(int)
    fusion = classifier(strategy="stacked").set_params(embedder=embedder).fit(frame, labels)
    scores = fusion.embedder_scores_
    assert scores.loc["image: memory", "loss"] > np.log(2) - 0.01
    assert scores.loc["image: memory", "weight"] < 0.1
    noise = np.random.default_rng(0).integers(2, size=120)
    fusion = classifier(strategy="stacked").set_params(embedder=embedder).fit(frame, noise)
    assert fusion.strategy_scores_["loss"].min() > np.log(2) - 0.04


def test_frozen_and_trained_networks_compete(tmp_path):
    random = np.random.default_rng(0)
    y = np.arange(60) % 2
    images = random.integers(0, 60, (60, 12, 12)) + 60 * y[:, None, None]
    frame = pd.DataFrame({"age": random.normal(size=60), "scan": list(images.astype(np.uint8))})
    frozen = PretrainedGAP(
        "small_cnn", weights=None, image_size=(12, 12), backbone_options=TINY, missing="nan"
    )
    trained = CNNEmbedder(
        cut_layer="dense", epochs=2, options=EmbedderOptions(backbone_options=TINY), missing="nan"
    )
    fusion = FusionClassifier(
        [frozen, trained], cv=2, estimators=CLASSIFIERS, random_state=0, cache=tmp_path / "store"
    )
    fusion.fit(frame, y)
    assert fusion.embedder_scores_.index.tolist() == [
        "image: small_cnn",
        "image: small_cnn trained",
    ]
    assert fusion.score(frame, y) > 0.8
    assert fusion.embedder_scores_["loss"].min() < 0.5


def test_with_the_models_that_are_built_in():
    frame, y = make_rows(40, image=1.0)
    model = classifier(estimators=None, cv=2, strategy="stacked").set_params(embedder=two())
    names = model.fit(frame, y).fit_report_.index
    assert "image: pixels, linear 1" in names
    assert "table + image: noise, forest" in names
    assert "table, forest" in names
