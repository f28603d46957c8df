"""audit with an estimator: the price of leaks, and findings on scores and targets."""

import os

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import make_column_transformer
from sklearn.dummy import DummyClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import r2_score, roc_auc_score
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.svm import LinearSVC

from skfusion import PixelFlattener, PretrainedGAP, audit
from tests.networks_for_tests import tiny_maps
from tests.reports.audit.audit_rows import (
    exif,
    find,
    make_arrays,
    make_image,
    make_rows,
    one,
    rewrite,
)

CV = StratifiedKFold(4, shuffle=True, random_state=0)


def on_columns(model, *columns):
    return make_pipeline(make_column_transformer(("passthrough", list(columns))), model)


def on_images(model):
    images = PixelFlattener(image_size=(12, 12))
    return make_pipeline(make_column_transformer((images, ["scan"])), model)


@pytest.fixture(scope="module")
def twins():
    """Each image twice, with one target for both that nothing else predicts."""
    random = np.random.default_rng(0)
    scans = [make_image(random, size=24)[..., 0] for _ in range(30)]
    y = random.permutation(np.arange(30) % 2)
    order = random.permutation(60)
    cells = scans + scans
    X = pd.DataFrame({"scan": [cells[place] for place in order]})
    return X.assign(age=random.normal(size=60)), np.tile(y, 2)[order]


@pytest.fixture(scope="module")
def priced(twins):
    X, y = twins
    model = on_images(KNeighborsClassifier(1))
    return audit(X, y, cv=CV, estimator=model, random_state=0)


def test_the_price_of_twins(priced, twins):
    line = priced.price.iloc[0]
    assert len(priced.price) == 1
    assert line["score"] == "AUC"
    assert line["with_leak"] > 0.7
    assert abs(line["without"] - 0.5) < 0.2
    assert 0.5 < line["train_share"] < 0.9
    assert line["worth"] == pytest.approx(line["with_leak"] - line["without"])
    assert line["low"] < line["worth"] < line["high"]
    assert line["low"] > 0
    assert line["leak"].endswith("groups of copies in two folds")
    sentence = (
        f"AUC {line['with_leak']:.2f} on {line['train_share']:.0%} of the training rows, of which "
        f"{line['worth']:.2f} is {line['leak']}"
    )
    assert line["sentence"].startswith(sentence)
    assert sentence in str(priced)


def test_the_score_is_that_of_scikit_learn(priced, twins):
    X, y = twins
    model = on_images(KNeighborsClassifier(1))
    predicted = cross_val_predict(model, X, y, cv=CV, method="predict_proba")
    assert priced.protocol["score"] == pytest.approx(roc_auc_score(y, predicted[:, 1]))


def test_without_twins_is_training_without_their_rows(priced, twins):
    X, y = twins
    model = on_images(KNeighborsClassifier(1))
    values = np.empty(len(y))
    for train, test in CV.split(X, y):
        own = train[~np.isin(priced.groups[train], priced.groups[test])]
        values[test] = model.fit(X.iloc[own], y[own]).predict_proba(X.iloc[test])[:, 1]
    assert priced.price["without"].iloc[0] == pytest.approx(roc_auc_score(y, values))


def numbers(n_rows, seed=0, spread=1.0):
    """Rows with four numbers, of which two move the target a little; images do not matter."""
    random = np.random.default_rng(seed)
    values = random.normal(size=(n_rows, 4))
    y = (values[:, :2].sum(axis=1) + random.normal(0, spread, n_rows) > 0).astype(int)
    names = ["a", "b", "c", "d"]
    scans = list(random.integers(0, 256, (n_rows, 8, 8), dtype=np.uint8))
    return pd.DataFrame({"scan": scans, **dict(zip(names, values.T, strict=True))}), y


def with_noise(n_rows, seed=0):
    """Rows with 40 more numbers that mean nothing, so that a model needs many rows."""
    X, y = numbers(n_rows, seed)
    noise = np.random.default_rng(seed + 100).normal(size=(n_rows, 40))
    more = pd.DataFrame(noise, columns=[f"n{number}" for number in range(40)])
    return pd.concat([X, more], axis=1), y


def test_random_groups_are_worth_nothing():
    """Fewer training rows make a score worse, but that is no leak. One interval in 20 may err."""
    lines = []
    for seed in range(4):
        X, y = with_noise(200, seed)
        groups = np.random.default_rng(seed).permutation(np.arange(200) // 5)
        model = on_columns(LogisticRegression(), *X.columns[1:])
        found = audit(X, y, cv=CV, groups=groups, estimator=model, random_state=seed)
        lines.append(found.price.iloc[0])
        assert lines[-1]["without"] < found.protocol["score"]
    assert sum(line["low"] < 0 < line["high"] for line in lines) >= 3
    assert np.mean([line["worth"] for line in lines]) < 0.02
    assert all(0.2 < line["train_share"] < 0.4 for line in lines)
    assert f"on {lines[0]['train_share']:.0%} of the training rows" in lines[0]["sentence"]


def test_the_score_with_a_leak_is_that_of_as_many_rows():
    """A model that needs most of the rows loses all by size: nothing is left for the groups."""
    X, y = numbers(120)
    groups = np.random.default_rng(0).permutation(np.arange(120) // 4)
    model = _Hungry(need=80)
    found = audit(X, y, cv=CV, groups=groups, estimator=model, random_state=0)
    assert found.protocol["score"] > 0.7
    line = found.price.iloc[0]
    assert line["with_leak"] == line["without"] == 0.5
    assert line["low"] == line["worth"] == line["high"] == 0


class _Hungry(LogisticRegression):
    """A classifier that learns nothing from fewer rows."""

    def __init__(self, need=80):
        super().__init__()
        self.need = need

    def fit(self, X, y):
        y = np.asarray(y)
        super().fit(X[["a", "b"]].to_numpy(), y)
        if len(y) < self.need:
            self.coef_, self.intercept_ = 0 * self.coef_, 0 * self.intercept_
        return self

    def predict(self, X):
        return super().predict(X[["a", "b"]].to_numpy())

    def predict_proba(self, X):
        return super().predict_proba(X[["a", "b"]].to_numpy())


def of_patients(n_patients=50):
    """Four rows of each patient, with one target and four numbers that nearly are the patient."""
    X, y = numbers(n_patients)
    places = np.random.default_rng(1).permutation(np.repeat(np.arange(n_patients), 4))
    random = np.random.default_rng(2)
    scans = list(random.integers(0, 256, (len(places), 8, 8), dtype=np.uint8))
    values = X[["c", "d"]].to_numpy()[places] + random.normal(0, 0.02, (len(places), 2))
    return pd.DataFrame({"scan": scans, "c": values[:, 0], "d": values[:, 1]}), y[places], places


def test_patients_are_worth_something():
    X, y, patients = of_patients()
    model = on_columns(KNeighborsClassifier(1), "c", "d")
    found = audit(X, y, cv=CV, groups=patients, estimator=model, random_state=0)
    line = found.price.iloc[0]
    assert line["low"] > 0.05
    assert abs(line["without"] - 0.5) < 0.2


def test_each_kind_of_groups_has_its_own_price():
    X, y, patients = of_patients()
    X = X.assign(patient_id=patients)
    X.loc[[0, 1], "scan"] = pd.Series([X["scan"][150], X["scan"][151]], index=[0, 1])
    model = on_columns(KNeighborsClassifier(1), "c", "d")
    found = audit(X, y, cv=CV, groups=np.arange(200) // 2, estimator=model, random_state=0)
    leaks = found.price["leak"].tolist()
    assert leaks[1].endswith("of the given groups in two folds")
    assert leaks[2] == "50 groups of rows by column 'patient_id' in two folds"
    assert leaks[0].endswith("of copies in two folds")
    assert leaks[3] == "all of these groups together"
    copies, _, by_patient, _ = found.price["worth"]
    assert by_patient > 0.1
    assert abs(copies) < 0.05


def test_a_leak_without_training_rows_has_no_price():
    X, y = make_arrays()
    groups, rows = np.arange(40) // 2, np.arange(40)
    cv = [(rows[::2], rows[1::2]), (rows[:30], rows[30:])]  # the first has each group on both sides
    X = X.assign(result=y)
    model = on_columns(LogisticRegression(), "age", "result")
    found = audit(X, y, cv=cv, groups=groups, estimator=model, random_state=0)
    first, second = found.price.itertuples()
    sentence = "20 of the given groups in two folds can't be priced: no training rows are left"
    assert first.sentence.startswith(sentence)
    assert sentence in str(found)
    assert sentence in found.to_html().replace("&#39;", "'")
    assert np.isnan(first.worth)
    assert second.worth > 0
    assert found.to_dict()["price"][0]["worth"] is None


def test_the_gap_to_training(priced):
    finding = one(priced, "training score is better")
    assert finding["severity"] == "note"
    assert "AUC is 1.00 on training rows" in finding["evidence"]


def test_the_price_of_a_column():
    X, y = make_arrays()
    X = X.assign(result=np.where(y, "sick", "well"), code=y)
    model = on_columns(LogisticRegression(), "age", "code")
    found = audit(X, y, cv=CV, estimator=model, random_state=0)
    assert found.price["leak"].tolist() == ["column 'result'", "column 'code'"]
    unused, used = found.price.itertuples()
    assert unused.worth == 0
    assert used.with_leak == 1
    alone = on_columns(LogisticRegression(), "age")
    predicted = cross_val_predict(alone, X, y, cv=CV, method="predict_proba")[:, 1]
    assert used.without == pytest.approx(roc_auc_score(y, predicted), abs=0.05)


def test_the_price_of_missing_values():
    X, y = make_arrays()
    X["grading"] = np.where(y == 1, 1.0, np.nan)
    X.loc[::8, "grading"] = 1.0
    model = on_columns(LogisticRegression(), "age")
    found = audit(X, y, cv=CV, estimator=model, random_state=0)
    assert "column 'grading'" in found.price["leak"].tolist()


def sizes_of(X):
    """The number of bytes of each image; 0 without one."""
    cells = X.iloc[:, 0]
    return np.array([[_size_of(cell)] for cell in cells])


def _size_of(cell):
    if not isinstance(cell, (str, bytes)):
        return 0
    return len(cell) if isinstance(cell, bytes) else os.path.getsize(cell)


def on_sizes(model):
    columns = make_column_transformer((FunctionTransformer(sizes_of), ["photo"]))
    return make_pipeline(columns, StandardScaler(), model)


def test_the_price_of_the_encoding(tmp_path):
    X, y = make_rows(tmp_path)
    rewrite(X["photo"], lambda row, im: (im, {"quality": 60 if y[row] else 90}))
    before = X.copy()
    found = audit(X, y, cv=CV, estimator=on_sizes(LogisticRegression()), random_state=0)
    line = found.price.iloc[0]
    assert line["leak"] == "compression of the files"
    assert line["with_leak"] == 1
    assert abs(line["without"] - 0.5) < 0.25
    assert line["low"] > 0
    pd.testing.assert_frame_equal(X, before)


def test_the_price_of_a_camera_that_no_pixel_shows(tmp_path):
    X, y = make_rows(tmp_path)
    cameras = np.array(["A1", "B2"])[y]
    rewrite(X["photo"], lambda row, im: (im, {"quality": 90, "exif": exif(model=cameras[row])}))
    model = on_columns(LogisticRegression(), "age")
    found = audit(X, y, cv=CV, estimator=model, random_state=0)
    line = found.price.iloc[0]
    assert line["leak"] == "EXIF Model of the files"
    assert line["worth"] == 0


def test_the_price_of_missing_images(tmp_path):
    X, y = make_rows(tmp_path)
    X.loc[(y == 1) & (np.arange(len(y)) % 2 == 0), "photo"] = None
    model = on_sizes(LogisticRegression())
    found = audit(X, y, cv=CV, estimator=model, random_state=0)
    line = found.price.iloc[0]
    assert line["leak"] == "the lack of images"
    assert line["with_leak"] > 0.6
    assert abs(line["without"] - 0.5) < 0.25
    held = X["photo"].notna().to_numpy()
    values = np.full(len(y), np.nan)
    for train, test in CV.split(X, y):
        train, test = train[held[train]], test[held[test]]
        values[test] = model.fit(X.iloc[train], y[train]).predict_proba(X.iloc[test])[:, 1]
    assert line["without"] == pytest.approx(roc_auc_score(y[held], values[held]))


def test_names_of_files_have_no_price(tmp_path):
    X, y = make_rows(tmp_path)
    names = [f"{tmp_path}/site{label}_{row * 7919 % 997}.jpg" for row, label in enumerate(y)]
    for old, new in zip(X["photo"], names, strict=True):
        os.rename(old, new)
    model = on_columns(LogisticRegression(), "age")
    found = audit(X.assign(photo=names), y, cv=CV, estimator=model, random_state=0)
    assert find(found, "fact predicts the target").iloc[0]["severity"] == "grave"
    assert found.price.empty


def test_near_features_are_candidates():
    random = np.random.default_rng(0)
    scans = [make_image(random, size=64, smoothness=3) for _ in range(16)]
    scans += [scans[0][::-1], scans[1]]
    X, y = pd.DataFrame({"scan": scans}), np.arange(18) % 2
    gap = PretrainedGAP(tiny_maps, weights=None, image_size=(32, 32), missing="nan")
    columns = make_column_transformer((gap, ["scan"]))
    model = make_pipeline(columns, SimpleImputer(), LogisticRegression())
    found = audit(X, y, cv=2, estimator=model, random_state=0)
    alone = audit(X, y, cv=2, random_state=0)
    pd.testing.assert_frame_equal(found.pairs, alone.pairs)
    assert found.pairs[["row_a", "row_b"]].values.tolist() == [[1, 17], [0, 16]]
    X["scan"] = [None if row == 3 else scan for row, scan in enumerate(scans)]
    assert len(audit(X, y, cv=2, estimator=model, random_state=0).pairs) == 2


def test_numbers():
    X, _ = make_arrays()
    random = np.random.default_rng(0)
    y = X["age"].to_numpy() + random.normal(0, 5, 40)
    y[7] += 200
    model = on_columns(Ridge(), "age")
    found = audit(X, y, cv=4, estimator=model, random_state=0)
    assert found.protocol["score_name"] == "R²"
    predicted = cross_val_predict(model, X, y, cv=4)
    assert found.protocol["score"] == pytest.approx(r2_score(y, predicted))
    finding = find(found, "outlying targets")
    assert finding.empty or finding.iloc[0]["rows"] == [7]
    assert len(finding) + len(find(found, "score may be chance")) >= 1


def test_outlying_numbers():
    X, _ = make_arrays(n_rows=60)
    y = X["age"].to_numpy() + np.random.default_rng(0).normal(0, 1, 60)
    y[11] += 15
    model = on_columns(Ridge(), "age")
    found = audit(X, y, cv=4, estimator=model, random_state=0)
    finding = one(found, "outlying targets")
    assert finding["rows"] == [11]
    assert finding["severity"] == "note"


def test_a_score_of_chance():
    X, y = make_arrays()
    model = on_columns(LogisticRegression(), "age")
    found = audit(X, y, cv=CV, estimator=model, random_state=0)
    finding = one(found, "score may be chance")
    assert finding["severity"] == "minor"
    assert "permuted targets reach it" in finding["evidence"]
    constant = audit(X, y, cv=CV, estimator=on_columns(DummyClassifier(), "age"), random_state=0)
    assert constant.protocol["score"] == pytest.approx(0.5, abs=0.05)


def test_probable_label_errors():
    X, y = make_arrays(n_rows=60)
    X["age"] = 10.0 * y + np.random.default_rng(0).normal(0, 1, 60)
    wrong = np.array([4, 21, 33])
    y = np.where(np.isin(np.arange(60), wrong), 1 - y, y)
    model = on_columns(LogisticRegression(), "age")
    found = audit(X, y, cv=CV, estimator=model, random_state=0)
    finding = one(found, "probable label errors")
    assert finding["rows"] == wrong.tolist()
    assert finding["severity"] == "note"
    assert find(found, "score may be chance").empty


@pytest.mark.parametrize("strength", [1.0, 100.0])
def test_errors_of_a_modest_model_are_no_label_errors(strength):
    """An overconfident model is wrong in many rows, but their labels are right."""
    X, y = with_noise(200)
    model = on_columns(LogisticRegression(C=strength, max_iter=500), *X.columns[1:])
    found = audit(X, y, cv=CV, estimator=model, random_state=0)
    predicted = cross_val_predict(model, X, y, cv=CV)
    assert (predicted != y).sum() > 40
    assert sum(map(len, find(found, "probable label errors")["rows"])) <= 6


def test_most_of_many_label_errors_are_found():
    X, truth = numbers(200, spread=0.1)
    X["a"] += 4 * truth - 2  # classes that hardly overlap
    wrong = np.random.default_rng(3).choice(200, 14, replace=False)
    y = truth.copy()
    y[wrong] = 1 - y[wrong]
    model = on_columns(LogisticRegression(), "a", "b")
    found = audit(X, y, cv=CV, estimator=model, random_state=0)
    rows = one(found, "probable label errors")["rows"]
    assert np.isin(wrong, rows).mean() >= 0.8
    assert np.isin(rows, wrong).mean() > 0.8


@pytest.mark.parametrize("n_classes", [2, 3])
def test_a_model_without_probabilities(n_classes):
    X, _ = make_arrays(n_rows=60)
    y = np.arange(60) % n_classes
    X["age"] = 3.0 * y + np.random.default_rng(0).normal(0, 0.5, 60)
    found = audit(X, y, cv=CV, estimator=on_columns(LinearSVC(), "age"), random_state=0)
    assert found.protocol["score"] > 0.6
    assert find(found, "probable label errors").empty


def test_labels_of_text_and_groups():
    X, y = make_arrays(n_rows=60)
    labels = np.array(["well", "sick"])[y]
    groups = np.arange(60) // 2
    model = on_columns(LogisticRegression(), "age")
    found = audit(X, labels, cv=CV, groups=groups, estimator=model, random_state=0)
    assert one(found, "groups in two folds")["subject"] == "the given groups"
    n_groups = len(np.unique(groups[one(found, "groups in two folds")["rows"]]))
    assert found.price["leak"].tolist() == [f"{n_groups} of the given groups in two folds"]


def test_progress(capsys, twins):
    X, y = twins
    model = on_images(KNeighborsClassifier(1))
    audit(X, y, cv=2, estimator=model, random_state=0, verbose=1)
    shown = capsys.readouterr().err
    assert "score: 100%" in shown
    assert "price of" in shown


def test_the_estimator_is_not_fitted(twins):
    X, y = twins
    model = on_images(KNeighborsClassifier(1))
    audit(X, y, cv=2, estimator=model, random_state=0)
    assert not hasattr(model[-1], "classes_")
