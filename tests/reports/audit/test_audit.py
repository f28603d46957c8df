"""audit: its arguments, groups, folds and the form of its result."""

import json

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.cluster import KMeans
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import (
    GroupKFold,
    KFold,
    LeaveOneGroupOut,
    ShuffleSplit,
    StratifiedKFold,
)

from skfusion import AuditReport, ImageReader, ImageReadError, audit
from tests.reports.audit.audit_rows import find, make_arrays, make_rows, one


@pytest.fixture(scope="module")
def arrays():
    return make_arrays()


@pytest.fixture(scope="module")
def twins(arrays):
    """Rows of which the last one shows the image of the first one, in another fold."""
    X, y = arrays
    return pd.concat([X, X.iloc[[0]].assign(age=1.0)], ignore_index=True), np.append(y, y[0])


@pytest.fixture(scope="module")
def found(twins):
    return audit(*twins, random_state=0)


@pytest.mark.parametrize("seed", range(20))
def test_nothing_grave_in_shuffled_rows(seed):
    X, y = make_arrays(seed)
    assert not audit(X, y, cv=4, random_state=seed).is_grave


def test_the_result_is_data(found):
    assert isinstance(found, AuditReport)
    names = ["kind", "severity", "subject", "rows", "evidence", "remedy"]
    assert list(found.findings.columns) == names
    assert list(found.pairs.columns)[:4] == ["row_a", "row_b", "kind", "similarity"]
    assert found.groups.shape == (41,)
    assert found.price.empty
    assert list(found.price.columns)[:6] == [
        "leak", "score", "with_leak", "without", "worth", "low",
    ]  # fmt: skip
    assert found.protocol == {
        "n_rows": 41,
        "n_images": 40,
        "n_folds": 5,
        "n_groups": None,
        "score_name": "AUC",
        "score": None,
    }
    assert "skfusion" in found.versions
    assert found.title == "Audit"


def test_a_twin_in_another_fold(found):
    assert found.pairs[["row_a", "row_b", "kind", "similarity", "crosses"]].values.tolist() == [
        [0, 40, "same pixels", 1.0, True]
    ]
    finding = one(found, "copies in two folds")
    assert finding["severity"] == "grave"
    assert finding["rows"] == [0, 40]
    assert "same pixels (1)" in finding["evidence"]
    assert "report.groups" in finding["remedy"]
    assert found.is_grave


def test_the_groups_mend_the_split(found, twins):
    X, y = twins
    assert found.groups[0] == found.groups[40]
    assert len(np.unique(found.groups)) == 40
    assert found.groups[:3].tolist() == [0, 1, 2]
    for cv in (GroupKFold(5), GroupKFold(4)):
        again = audit(X, y, cv=cv, groups=found.groups, random_state=0)
        assert not again.is_grave
        assert one(again, "copies in one fold")["severity"] == "note"


def test_a_twin_in_its_own_fold_is_a_note(twins):
    X, y = twins
    folds = [(np.arange(1, 40), np.array([0, 40]))]
    found = audit(X, y, cv=folds, random_state=0)
    assert not found.is_grave
    assert one(found, "copies in one fold")["rows"] == [0, 40]
    assert not found.pairs["crosses"].any()


def test_twins_with_different_targets(twins):
    X, y = twins
    y = np.where(np.arange(41) == 40, 1 - y, y)
    finding = one(audit(X, y, random_state=0), "copies with different targets")
    assert finding["severity"] == "minor"
    assert finding["rows"] == [0, 40]
    assert f"row 0 ({y[0]}) and row 40 ({y[40]})" in finding["evidence"]


def test_a_given_group_in_two_folds(arrays):
    X, y = arrays
    groups = np.where(np.arange(40) < 2, "a", np.arange(40).astype(str))
    found = audit(X, y, cv=KFold(40), groups=groups, random_state=0)
    finding = one(found, "groups in two folds", "the given groups")
    assert finding["severity"] == "grave"
    assert finding["rows"] == [0, 1]
    assert "1 of 39 groups" in finding["evidence"]
    assert found.groups[0] == found.groups[1]
    assert found.protocol["n_groups"] == 39


def test_an_integer_keeps_given_groups_together(arrays):
    X, y = arrays
    found = audit(X, y, cv=4, groups=np.arange(40) // 2, random_state=0)
    assert find(found, "groups in two folds").empty
    assert found.groups.tolist() == (np.arange(40) // 2).tolist()


def test_the_same_numbers_for_the_same_random_state(twins):
    first, second = (audit(*twins, random_state=3) for _ in range(2))
    pd.testing.assert_frame_equal(first.findings, second.findings)
    pd.testing.assert_frame_equal(first.pairs, second.pairs)
    assert first.groups.tolist() == second.groups.tolist()


def test_splits_that_test_rows_several_times(twins):
    X, y = twins
    found = audit(X, y, cv=ShuffleSplit(3, test_size=0.3, random_state=0), random_state=0)
    assert found.protocol["n_folds"] == 3
    assert len(found.pairs) == 1


def test_a_class_that_training_lacks(arrays):
    X, _ = arrays
    y = np.repeat(["a", "b"], 20)
    found = audit(X, y, cv=KFold(2), random_state=0)
    some = find(found, "class is missing in training")
    assert len(some) == 2
    assert (some["severity"] == "grave").all()
    assert some.iloc[0]["rows"] == list(range(20))
    assert "'a'" in some.iloc[0]["evidence"]


def test_folds_that_differ(arrays):
    X, y = arrays
    y = np.sort(y)
    folds = np.arange(40) // 10
    folds[[0, 39]] = folds[[39, 0]]
    splits = [(np.flatnonzero(folds != k), np.flatnonzero(folds == k)) for k in range(4)]
    finding = one(audit(X, y, cv=splits, random_state=0), "folds differ")
    assert finding["severity"] == "minor"
    assert finding["subject"] == "y"
    stratified = audit(X, y, cv=StratifiedKFold(4, shuffle=True, random_state=0), random_state=0)
    assert find(stratified, "folds differ").empty


def test_folds_that_differ_in_a_column(arrays):
    X, y = arrays
    X = X.assign(age=np.arange(40.0))
    finding = one(audit(X, y, cv=KFold(4), random_state=0), "folds differ")
    assert finding["severity"] == "note"
    assert finding["subject"] == "age"


def test_folds_of_sites_differ_in_what_sites_have(arrays):
    X, y = arrays
    site = np.arange(40) // 10
    X = X.assign(site=site, code=site % 2, age=np.arange(40.0))
    X.loc[[10, 20, 30], "scan"] = pd.Series([X["scan"][0]] * 3, index=[10, 20, 30])
    found = audit(X, y, cv=LeaveOneGroupOut(), groups=site, random_state=0)
    assert one(found, "folds differ")["subject"] == "age"
    folds = list(LeaveOneGroupOut().split(X, groups=site))
    assert one(audit(X, y, cv=folds, random_state=0), "folds differ")["subject"] != "age"
    alone = np.where(np.arange(40) < 2, 0, np.arange(40))
    found = audit(X, y, cv=folds, groups=alone, random_state=0)
    assert "site" in one(found, "folds differ")["subject"]


def test_numbers_as_a_target(arrays):
    X, _ = arrays
    y = np.random.default_rng(0).normal(size=40)
    found = audit(X.assign(dose=2 * y + 1), y, random_state=0)
    assert found.protocol["score_name"] == "R²"
    assert one(found, "column nearly is the target")["subject"] == "dose"
    assert find(found, "copies with different targets").empty


@pytest.mark.parametrize("form", ["series", "list", "array", "polars"])
def test_forms_of_rows(form, arrays):
    X, y = arrays
    given = {
        "series": X["scan"],
        "list": list(X["scan"]),
        "array": np.stack(X["scan"]),
        "polars": pl.DataFrame({"scan": pl.Series(list(X["scan"]), dtype=pl.Object)}),
    }[form]
    found = audit(given, y, cv=2, random_state=0)
    assert found.protocol["n_images"] == 40


def test_several_images_in_a_cell(arrays):
    X, y = arrays
    cells = [[a, b] for a, b in zip(X["scan"][:20], X["scan"][20:], strict=True)]
    cells[3] = [cells[3][0], cells[7][1]]
    X = pd.DataFrame({"scan": cells})
    found = audit(X, y[:20], cv=2, image_columns="scan", random_state=0)
    assert found.pairs[["row_a", "row_b"]].values.tolist() == [[3, 7]]


def test_two_columns_of_images(arrays):
    X, y = arrays
    front, side = list(X["scan"][:20]), list(X["scan"][20:])
    side[4] = front[9]
    both = pd.DataFrame({"front": front, "side": side})
    found = audit(both, y[:20], cv=2, random_state=0)
    line = found.pairs.iloc[0]
    assert line[["row_a", "row_b", "column_a", "column_b"]].tolist() == [4, 9, "side", "front"]
    same_row = both.assign(side=both["front"])
    assert audit(same_row, y[:20], cv=2, random_state=0).pairs.empty


def test_relative_paths(tmp_path):
    X, y = make_rows(tmp_path / "images", n_rows=12)
    X["photo"] = X["photo"].str.rsplit("/", n=1).str[1]
    found = audit(X, y, cv=2, reader=ImageReader(tmp_path / "images"), random_state=0)
    assert found.protocol["n_images"] == 12
    with pytest.raises(ImageReadError, match=r"None of the 12 images of column 'photo'") as caught:
        audit(X, y, cv=2, random_state=0)
    message = str(caught.value)
    assert f"row 0 ({X['photo'][0]}): no such file; row 1" in message
    assert "and 7 more. Pass reader=ImageReader(root=...)" in message
    assert [row for row, *_ in caught.value.failures] == list(range(12))


def test_images_of_which_most_can_not_be_read(tmp_path):
    X, y = make_rows(tmp_path, n_rows=12)
    X.loc[:5, "photo"] = [f"nowhere{row}.jpg" for row in range(6)]
    X.loc[11, "photo"] = None
    finding = one(audit(X, y, cv=2, random_state=0), "images can't be read")
    assert finding["severity"] == "grave"
    assert finding["rows"] == list(range(6))
    assert "6 of 11, such as row 0 (nowhere0.jpg): no such file" in finding["evidence"]
    X.loc[11, "photo"] = X["photo"][10]
    finding = one(audit(X, y, cv=2, random_state=0), "images can't be read")
    assert finding["severity"] == "minor"


def test_the_caller_keeps_its_rows(twins):
    X, y = twins
    kept, target = X.copy(), y.copy()
    audit(X, y, cv=2, random_state=0)
    pd.testing.assert_frame_equal(X, kept)
    assert (y == target).all()


def test_plain_data(found):
    data = found.to_dict()
    assert json.loads(json.dumps(data, allow_nan=False)) == data
    assert data["findings"][0]["rows"] == [0, 40]
    assert data["groups"][40] == 0
    assert data["examples"][0]["image_a"].startswith("data:image/jpeg;base64,")


def test_text(found):
    text = str(found)
    assert text.startswith("Audit of 41 rows with 40 distinct images in 5 folds; no groups were")
    assert "1 finding is grave" in text
    assert "Grave\n  copies in two folds: images\n" in text
    assert "rows 0, 40" in text
    assert "  rows 0 and 40: same pixels (1.00), in two folds" in text
    assert repr(found) == "<AuditReport: 1 grave, 0 minor findings, 1 pairs; print it for more>"


def test_text_of_many_pairs(arrays):
    X, y = arrays
    X, y = pd.concat([X] * 2, ignore_index=True), np.tile(y, 2)
    text = str(audit(X, y, random_state=0))
    assert "Pairs of rows with the same image: 40" in text
    assert "and 30 more" in text


def test_text_without_findings(arrays):
    X, y = arrays
    assert "Nothing grave was found." in str(audit(X, y, cv=4, random_state=0))


def test_progress_bars(arrays, capsys):
    X, y = arrays
    audit(X, y, cv=2, random_state=0, verbose=1)
    shown = capsys.readouterr().err
    assert all(name in shown for name in ("read: 100%", "compare: 100%", "verify: 100%"))
    audit(X, y, cv=2, random_state=0)
    assert capsys.readouterr().err == ""


BAD = {
    "no target": (lambda X, y: (X, [None, *y[1:]], {}), "1 of 40 rows have no target: row 0"),
    "no target in text": (
        lambda X, y: (X, [np.nan, *np.where(y[1:], "a", "b")], {}),
        "1 of 40 rows have no target: row 0",
    ),
    "one value": (lambda X, y: (X, np.ones(40), {}), "y has the same value, 1.0, in all rows"),
    "two targets": (lambda X, y: (X, np.column_stack([y, y]), {}), "one value a row"),
    "lengths": (lambda X, y: (X, y[:-1], {}), "inconsistent numbers of samples"),
    "groups": (lambda X, y: (X, y, {"groups": y[:-1]}), "inconsistent numbers of samples"),
    "name of groups": (lambda X, y: (X, y, {"groups": "ward"}), r"got 'ward'. Pass X\['ward'\]"),
    "number of groups": (lambda X, y: (X, y, {"groups": 3}), "got 3. Pass a column of X"),
    "no images": (lambda X, y: (X[["age"]], y, {}), "No column of X looks like images"),
    "column": (
        lambda X, y: (X, y, {"image_columns": ["photo"]}),
        "X has no column 'photo' of images; it has 'scan'; 'age'",
    ),
    "no columns": (lambda X, y: (X, y, {"image_columns": []}), "image_columns is empty"),
    "folds": (lambda X, y: (X, y, {"cv": 50}), "n_splits=50"),
    "no folds": (lambda X, y: (X, y, {"cv": []}), "makes 0 folds"),
    "text": (
        lambda X, y: (X, np.where(y, "a", "b"), {"estimator": Ridge()}),
        "y holds text, but the estimator is a regressor",
    ),
    "rows": (lambda X, y: (X[:0], y[:0], {}), "X has no rows"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input(case, arrays):
    make, message = BAD[case]
    X, y, options = make(*arrays)
    with pytest.raises(ValueError, match=message):
        audit(X, y, random_state=0, **options)


def test_an_estimator_that_is_none(arrays):
    X, y = arrays
    with pytest.raises(TypeError, match="must be a classifier or a regressor, got a KMeans"):
        audit(X, y, estimator=KMeans())
    with pytest.raises(TypeError, match="got a str"):
        audit(X, y, estimator="LogisticRegression")


def test_a_classifier_makes_numbers_classes(arrays):
    X, y = arrays
    model = LogisticRegression()
    labels = y.astype(float)
    found = audit(X, labels, cv=2, estimator=_OnAge(model), random_state=0)
    assert found.protocol["score_name"] == "AUC"
    assert 0 <= found.protocol["score"] <= 1


class _OnAge(LogisticRegression):
    """A classifier of the age."""

    def __init__(self, model=None):
        super().__init__()
        self.model = model

    def fit(self, X, y):
        return super().fit(X[["age"]].to_numpy(), y)

    def predict(self, X):
        return super().predict(X[["age"]].to_numpy())

    def predict_proba(self, X):
        return super().predict_proba(X[["age"]].to_numpy())
