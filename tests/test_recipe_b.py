"""Recipe B as one pipeline: three backbones side by side, a dropout head."""

import subprocess
import sys

import joblib
import numpy as np
import pandas as pd
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import FeatureUnion, Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from skfusion import DenseClassifier, FeatureStore, PretrainedGAP
from skfusion.datasets import make_image_table

THREE = {
    "backbone": ["MobileNet", "MobileNet", "MobileNetV2"],
    "backbone_options": [{"alpha": 0.25}, {"alpha": 0.5}, {"alpha": 0.35}],
}
SMALL = {"weights": None, "image_size": (32, 32)}


def recipes_head():
    return DenseClassifier(
        dropout=0.5, optimizer="adadelta", batch_size=64, epochs=100, validation_fraction=0.1
    ).set_params(random_state=0)


@pytest.fixture(scope="module")
def images():
    data = make_image_table(60, image_size=(32, 32), noise=0.2, random_state=0)
    return data.frame, data.target


@pytest.fixture(scope="module")
def fitted(images):
    X, y = images
    return make_pipeline(PretrainedGAP(**THREE, **SMALL), recipes_head()).fit(X[["image"]], y)


def test_columns_of_all_three(fitted):
    names = pd.Series(fitted[:-1].get_feature_names_out()).str.rsplit("_", n=1).str[0]
    assert names.value_counts(sort=False).to_dict() == {
        "image_mobilenet": 256,
        "image_mobilenet2": 512,
        "image_mobilenetv2": 1280,
    }


def test_the_head_is_the_recipes(fitted):
    head = fitted[-1]
    assert len(head.history_) == 100
    assert set(head.history_["learning_rate"]) == {1.0}
    model = head.network_.to_model()
    assert [type(layer).__name__ for layer in model.layers] == ["InputLayer", "Dropout", "Dense"]
    assert model.layers[1].rate == 0.5
    assert model.layers[2].activation.__name__ == "softmax"
    assert head.history_["loss"].iloc[-1] < 0.5 * head.history_["loss"].iloc[0]


def test_five_folds_compute_each_image_once(images, tmp_path):
    X, y = images
    gap = PretrainedGAP(**THREE, **SMALL, cache=tmp_path)
    scores = cross_val_score(make_pipeline(gap, recipes_head()), X[["image"]], y, cv=5)
    assert len(scores) == 5
    assert scores.mean() > 0.8
    assert FeatureStore(tmp_path).stats()["rows"] == 3 * 60  # networks and images


def test_beside_a_table_and_as_a_union(images):
    X, y = images
    numbers = [name for name in X if name != "image"]
    union = FeatureUnion(
        [
            (f"net{i}", PretrainedGAP(name, backbone_options=options, **SMALL))
            for i, (name, options) in enumerate(zip(*THREE.values(), strict=True))
        ]
    )
    columns = ColumnTransformer(
        [
            ("image", union, ["image"]),
            ("numbers", StandardScaler(), X[numbers].select_dtypes("number").columns),
        ]
    )
    model = Pipeline([("columns", columns), ("head", recipes_head())]).fit(X, y)
    assert model.score(X, y) > 0.8
    alone = PretrainedGAP(**THREE, **SMALL).fit_transform(X[["image"]])
    np.testing.assert_array_equal(model[0].transform(X)[:, : alone.shape[1]], alone)


def test_one_pickle_holds_all(fitted, images, tmp_path):
    X = images[0][["image"]][:4]
    expected = fitted.predict_proba(X)
    joblib.dump((fitted, X), tmp_path / "model.joblib")
    code = (
        "import sys, joblib, numpy as np\n"
        "model, X = joblib.load(sys.argv[1])\n"
        "print('tensorflow' in sys.modules)\n"
        "np.save(sys.argv[2], model.predict_proba(X))"
    )
    files = str(tmp_path / "model.joblib"), str(tmp_path / "out.npy")
    command = [sys.executable, "-c", code, *files]
    shown = subprocess.run(command, capture_output=True, text=True, check=True, timeout=240).stdout
    assert shown.strip() == "False"
    np.testing.assert_allclose(np.load(files[1]), expected, atol=1e-6)


@pytest.mark.parametrize("name", ["weights", "backbone_options"])
def test_a_list_of_another_length(name, images):
    params = {**THREE, **SMALL, name: [None, None]}
    with pytest.raises(ValueError, match=rf"{name} is a list of 2, but there are 3 backbone"):
        PretrainedGAP(**params).fit(images[0][["image"]])


def test_real_weights_one_for_each(shared_data):
    files = sorted((shared_data / "weights").glob("*.h5"))
    photographs = sorted((shared_data / "data" / "hymenoptera" / "train" / "ants").glob("*"))[:3]
    X = pd.DataFrame({"photo": [str(file) for file in photographs]})
    widths = [{"alpha": 0.25}, {"alpha": 0.75}, {"alpha": 0.35}]
    params = {"image_size": (64, 64)}
    gap = PretrainedGAP(THREE["backbone"], weights=files, backbone_options=widths, **params)
    features = gap.fit_transform(X)
    parts = [
        PretrainedGAP(name, weights=file, backbone_options=options, **params).fit_transform(X)
        for name, file, options in zip(THREE["backbone"], files, widths, strict=True)
    ]
    np.testing.assert_array_equal(features, np.hstack(parts))
