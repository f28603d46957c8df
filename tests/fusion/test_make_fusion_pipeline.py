import joblib
import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.preprocessing import StandardScaler

from skfusion import FeatureStore, ImageBlock, ImageDescriptors, PixelFlattener
from skfusion import make_fusion_pipeline as make
from tests.fusion.conftest import make_rows


def pipeline(**options):
    return make(LogisticRegression(), embedder=PixelFlattener(missing="nan"), **options)


def test_columns_are_found_when_it_is_fitted(rows):
    frame, y = rows
    model = pipeline().fit(frame, y)
    names = model["features"].get_feature_names_out().tolist()
    assert names[:3] == ["table__age", "table__sex_f", "table__sex_m"]
    assert names[3] == "image__component_000"
    assert len(names) == 3 + 16  # an image has no more than 16 pixels here
    assert model.score(frame, y) > 0.7


def test_the_block_weighs_no_more_than_it_should():
    random = np.random.default_rng(0)
    features = random.normal(size=(200, 500)) * 100
    block = ImageBlock(None, variance=10).fit_transform(features)
    assert block.var(axis=0).sum() == pytest.approx(10)
    assert ImageBlock(7).fit_transform(features).shape == (200, 7)


def test_missing_features_get_their_mean():
    features = np.random.default_rng(0).normal(size=(50, 4))
    block = ImageBlock().fit(features)
    filled = np.where(np.arange(4) == 1, features.mean(axis=0), features[:1])
    gap = np.where(np.arange(4) == 1, np.nan, features[:1])
    np.testing.assert_allclose(block.transform(gap), block.transform(filled), atol=1e-9)


def test_search_and_pickle(rows, tmp_path):
    frame, y = rows
    grid = {"features__image__block__n_components": [2, 8], "model__C": [0.1, 1]}
    search = GridSearchCV(pipeline(), grid, cv=2).fit(frame, y)
    joblib.dump(search, tmp_path / "model.joblib")
    loaded = joblib.load(tmp_path / "model.joblib")
    np.testing.assert_array_equal(loaded.predict_proba(frame), search.predict_proba(frame))


def test_polars(rows):
    frame, y = rows
    theirs = pl.DataFrame(
        {
            "age": frame["age"].to_list(),
            "scan": pl.Series(frame["scan"].to_list(), dtype=pl.Object),
        }
    )
    model = pipeline().fit(theirs, y)
    expected = pipeline().fit(frame[["age", "scan"]], y).predict_proba(frame[["age", "scan"]])
    np.testing.assert_allclose(model.predict_proba(theirs), expected)


@pytest.mark.filterwarnings("ignore::skfusion.exceptions.ImageDriftWarning")
def test_missing_images(rows):
    frame, y = rows
    frame.loc[::3, "scan"] = None
    model = pipeline().fit(frame, y)
    assert np.isfinite(model.predict_proba(frame.assign(scan=None))).all()


def test_one_source(rows):
    frame, y = rows
    assert pipeline(image_columns=[]).fit(frame[["age", "sex"]], y).score(frame, y) > 0.6
    assert pipeline().fit(frame[["scan"]], y).predict(frame[["scan"]]).shape == (80,)


def test_the_block_does_not_drown_the_table():
    frame, y = make_rows(100, table=1.0, image=0.0)
    random = np.random.default_rng(0)
    frame["scan"] = list(random.integers(0, 256, (100, 24, 24), dtype=np.uint8))
    drowned = make(
        LogisticRegression(max_iter=1000),
        embedder=PixelFlattener(),
        n_components=None,
    )
    drowned.set_params(features__image__block__variance=576.0)
    scaled = make(LogisticRegression(max_iter=1000), embedder=PixelFlattener())
    scores = [cross_val_score(model, frame, y).mean() for model in (scaled, drowned)]
    assert scores[0] > scores[1] + 0.05


def test_the_cache_is_passed_on(rows, tmp_path):
    frame, y = rows
    store = FeatureStore(tmp_path / "store")
    embedder = ImageDescriptors(("intensity",), image_size=(8, 8))
    model = make(LogisticRegression(), embedder=embedder, cache=store).fit(frame, y)
    model.predict(frame)
    assert store.stats()["misses"] == 80
    assert embedder.cache is None


def test_a_table_transformer_of_the_user(rows):
    frame, y = rows
    model = pipeline(table_transformer=StandardScaler()).fit(frame[["age", "scan"]], y)
    assert model["features"].named_transformers_["table"].mean_.shape == (1,)


def test_a_column_that_is_not_there(rows):
    frame, y = rows
    with pytest.raises(ValueError, match=r"image_columns names \['photo'\]"):
        pipeline(image_columns="photo").fit(frame, y)


def test_a_wrong_number_of_components():
    with pytest.raises(ValueError, match="n_components"):
        ImageBlock(0).fit(pd.DataFrame({"a": [1.0, 2.0]}))


def test_columns_named_by_numbers(rows):
    frame, y = rows
    expected = pipeline().fit(frame, y).predict_proba(frame)
    numbered = frame.set_axis([2, 0, 1], axis=1)
    np.testing.assert_allclose(pipeline().fit(numbered, y).predict_proba(numbered), expected)


def test_no_column_of_images_warns(rows):
    frame, y = rows
    with pytest.warns(UserWarning, match="No column of X looks like images"):
        pipeline().fit(frame[["age", "sex"]], y)
