"""What became of each embedder and model, with a reason."""

import time

import numpy as np
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import FunctionTransformer

from skfusion import PixelFlattener
from tests.fusion.conftest import CLASSIFIERS, classifier, make_rows


def reasons(fusion):
    report = fusion.fit_report_
    assert (report["status"] == "used").equals(report["reason"] == "")
    return report.loc[report["status"] != "used", "reason"].to_dict()


def flatten(cells, n_columns=None):
    return np.stack([np.ravel(cell)[:n_columns].astype(float) for cell in cells.iloc[:, 0]])


def draw(cells):
    return np.random.default_rng(len(cells)).normal(size=(len(cells), 6))


class SlowToFit(FunctionTransformer):
    """An embedder that takes a while in each fold."""

    def fit_transform(self, X, y=None):
        time.sleep(1.0)
        return super().fit_transform(X, y)


class AtMostFour(ClassifierMixin, BaseEstimator):
    """A model that refuses more than four columns."""

    def fit(self, X, y):
        if X.shape[1] > 4:
            raise ValueError("more than four columns")
        self.model_ = LogisticRegression().fit(X, y)
        self.classes_ = self.model_.classes_
        return self

    def predict_proba(self, X):
        return self.model_.predict_proba(X)


@pytest.mark.parametrize(
    ("strategy", "unused"),
    [("late", ["table + image"]), ("early", ["image"]), ("stacked", [])],
    ids=["late", "early", "stacked"],
)
def test_models_that_are_not_part_of_the_strategy(rows, strategy, unused):
    fusion = classifier(strategy=strategy).fit(*rows)
    expected = f"not part of the strategy in use, {strategy!r}"
    assert reasons(fusion) == {f"{name}, LogisticRegression": expected for name in unused}


def test_the_table_is_used_alone():
    fusion = classifier().fit(*make_rows(100, table=2.5, image=0.0))
    assert fusion.strategy_ == "table"
    expected = "not part of the strategy in use, 'table'"
    names = ["image", "image, LogisticRegression", "table + image, LogisticRegression"]
    assert reasons(fusion) == dict.fromkeys(names, expected)


def test_an_embedder_of_little_weight():
    embedders = {"pixels": PixelFlattener(), "noise": FunctionTransformer(draw)}
    fusion = classifier(strategy="late").set_params(embedder=embedders)
    fusion.fit(*make_rows(150, table=0.3, image=2.0))
    given = reasons(fusion)
    weight = fusion.embedder_scores_.loc["image: noise", "weight"]
    assert 0 <= weight < 0.02
    assert given["image: noise"] == f"weight {np.floor(1000 * weight) / 1000:g} is below 0.02"
    assert given["image: noise, LogisticRegression"] == "image: noise is not used"
    assert given["table + image: noise, LogisticRegression"].startswith("not part of the strategy")


def test_an_embedder_that_learns_for_which_there_is_no_time(rows):
    embedders = {"fast": FunctionTransformer(flatten), "slow": SlowToFit(flatten)}
    fusion = classifier(max_time=6, cv=4).set_params(embedder=embedders).fit(*rows)
    report = fusion.fit_report_
    slow = report.index.str.contains("slow")
    assert slow.sum() == 3
    assert set(report.loc[slow, "status"]) == {"no time"}
    assert set(report.loc[slow, "reason"]) == {"max_time"}
    assert fusion.embedder_scores_.index.tolist() == ["image: fast"]
    assert fusion.predict(rows[0]).shape == (80,)


def test_an_embedder_whose_models_fail(rows):
    embedders = {
        "narrow": FunctionTransformer(flatten, kw_args={"n_columns": 3}),
        "wide": FunctionTransformer(flatten),
    }
    models = {**CLASSIFIERS, "image": AtMostFour()}
    fusion = classifier(estimators=models, strategy="late").set_params(embedder=embedders)
    with pytest.warns(UserWarning, match="failed and were left out"):
        fusion.fit(*rows)
    given = reasons(fusion)
    assert given["image: wide"] == "weight 0 is below 0.02"
    assert given["image: wide, AtMostFour"] == "ValueError: more than four columns"
    assert fusion.embedder_scores_.index.tolist() == ["image: narrow"]
