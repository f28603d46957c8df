"""Models through skops: all of them, and nothing that could run code."""

import inspect
import io
import json
import zipfile
from importlib import import_module
from pathlib import Path

import keras
import numpy as np
import pandas as pd
import pytest
import skops.io
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import GridSearchCV, GroupKFold
from skops.io.exceptions import UntrustedTypesFoundException

from skfusion import (
    DenseRegressor,
    FeatureStore,
    ImageReader,
    PixelFlattener,
    PretrainedGAP,
    TableEncoder,
    TrainingOptions,
    trusted_types,
)
from tests.models_for_tests import (
    MODELS,
    TRANSFORMERS,
    answers,
    beside_numbers,
    fit_model,
    make_table,
    rows_for,
    tiny_cnn,
    tiny_gap,
)
from tests.networks_for_tests import TinyCNN

PHOTOS = np.random.default_rng(0).integers(0, 256, (4, 12, 12, 3), dtype=np.uint8)


def shared(model, **options):
    """The model as somebody else gets it."""
    return skops.io.loads(skops.io.dumps(model), trusted=trusted_types(), **options)


def names_in(node):
    """Every type and function that a skops file names."""
    if isinstance(node, dict):
        if "__loader__" in node:
            yield node["__loader__"]
        for value in node.values():
            yield from names_in(value)
    elif isinstance(node, list):
        for value in node:
            yield from names_in(value)


@pytest.mark.parametrize("name", [*MODELS, *TRANSFORMERS])
def test_a_shared_model_says_the_same(name):
    model, X, expected = fit_model(name)
    np.testing.assert_array_equal(answers(shared(model), rows_for(name, X)), expected)


@pytest.mark.parametrize("name", [*MODELS, *TRANSFORMERS])
def test_no_functions_methods_or_constructors_are_in_the_file(name):
    """What a file makes is made from data alone."""
    with zipfile.ZipFile(io.BytesIO(skops.io.dumps(fit_model(name)[0]))) as file:
        loaders = set(names_in(json.loads(file.read("schema.json"))))
    assert "ObjectNode" in loaders
    assert not {"FunctionNode", "MethodNode", "PartialNode", "OperatorFuncNode"} & loaders
    assert not {"ReduceNode", "ConstructorFromReduceNode"} & loaders


CONFIGURED = {
    "augmented": lambda folder: tiny_cnn(augmentation={"rotation": 10}),
    "augmentation by name": lambda folder: tiny_cnn(augmentation="light"),
    "reader with a root": lambda folder: tiny_gap(reader=ImageReader(root=folder)),
    "store": lambda folder: tiny_gap(cache=FeatureStore(folder)),
    "path of a store": lambda folder: tiny_gap(cache=folder),
    "random state": lambda folder: tiny_cnn().set_params(random_state=np.random.RandomState(0)),
    "pandas output": lambda folder: tiny_gap().set_output(transform="pandas"),
    "two backbones": lambda folder: tiny_gap().set_params(backbone=["small_cnn", "small_cnn"]),
}


@pytest.mark.parametrize("make", CONFIGURED.values(), ids=CONFIGURED)
def test_with_parameters_of_every_kind(make, tmp_path):
    X, y = make_table()
    model = make(tmp_path).fit(X[["image"]], y)
    loaded = shared(model)
    np.testing.assert_array_equal(loaded.transform(X[["image"]]), model.transform(X[["image"]]))
    assert loaded.get_params().keys() == model.get_params().keys()
    assert list(loaded.get_feature_names_out()) == list(model.get_feature_names_out())


def test_a_forest_beside_images():
    X, y = make_table()
    model = beside_numbers(PixelFlattener((4, 4)))
    model.set_params(model=RandomForestClassifier(5, random_state=0)).fit(X, y)
    np.testing.assert_array_equal(shared(model).predict_proba(X), model.predict_proba(X))


def test_a_search_over_groups():
    X, y = make_table()
    search = GridSearchCV(
        beside_numbers(tiny_gap()),
        {"features__image0__cut_layer": ["pool2", "dense"]},
        cv=GroupKFold(2),
    )
    search.fit(X, y, groups=np.arange(len(y)) // 4)
    loaded = shared(search)
    assert loaded.best_params_ == search.best_params_
    np.testing.assert_array_equal(loaded.predict_proba(X), search.predict_proba(X))


def test_two_cuts_of_a_backbone_cost_one_and_share():
    small = {"weights": None, "backbone_options": {"alpha": 0.25}, "image_size": (32, 32)}
    upper = PretrainedGAP("MobileNet", **small).fit(PHOTOS)
    lower = PretrainedGAP("MobileNet", cut_layer="conv_pw_11_relu", **small).fit(PHOTOS)
    sizes = [
        len(skops.io.dumps(model, compression=zipfile.ZIP_DEFLATED))
        for model in ([upper], [upper, lower])
    ]
    assert sizes[1] < 1.1 * sizes[0]
    networks = [gap.networks_[0] for gap in shared([upper, lower])]
    assert networks[0].weights[0] is networks[1].weights[0]


# The list.


def test_the_list_names_classes_and_nothing_else():
    for name in trusted_types():
        module, _, attribute = name.rpartition(".")
        gone = object if not name.startswith("skfusion.") else None  # in another scikit-learn
        assert inspect.isclass(getattr(import_module(module), attribute, gone)), name


def test_the_list_holds_no_more_than_is_needed():
    needed = set()
    X, y = make_table()
    folder = Path("nowhere")
    models = [fit_model(name)[0] for name in [*MODELS, *TRANSFORMERS]]
    models += [
        beside_numbers(PixelFlattener()).set_params(model=RandomForestClassifier(2)).fit(X, y)
    ]
    days = pd.date_range("2020-01-01", periods=len(y), freq="13D")
    notes = [f"{i * 7919 % 97} of {i * 31 % 17}" for i in range(len(y))]
    models += [TableEncoder(max_categories=5).fit(pd.DataFrame({"day": days, "note": notes}))]
    models += [make(folder) for make in CONFIGURED.values()]
    models += [DenseRegressor(options=TrainingOptions())]
    for model in models:
        needed |= set(skops.io.get_untrusted_types(data=skops.io.dumps(model)))
    ours = {name for name in trusted_types() if name.startswith("skfusion.")}
    # A transform that was passed as such: tests/augmentation/test_random_transform.py.
    needed |= {"skfusion.augmentation._random_transform.RandomTransform"}
    # In the place of the functions of a script.
    needed |= {f"skfusion._utils.main_objects.{name}Object" for name in ("Main", "Missing")}
    # Tests of ONNX files and runtimes save these; they need extras.
    needed |= {
        "skfusion.networks.onnx._onnx_network.OnnxNetwork",
        "skfusion.networks.onnx._openvino_network.OpenVinoNetwork",
    }
    assert ours <= needed <= set(trusted_types())


def test_the_list_can_be_added_to():
    first = trusted_types()
    first.append("tests.networks_for_tests.TinyCNN")
    assert first != trusted_types()


# Wrong use, and files that mean harm.


def test_a_backbone_of_ones_own_has_to_be_trusted_by_name():
    gap = PretrainedGAP(TinyCNN(), image_size=(12, 12)).fit(PHOTOS)
    with pytest.raises(UntrustedTypesFoundException, match="TinyCNN"):
        shared(gap)
    own = "tests.networks_for_tests.TinyCNN"
    loaded = skops.io.loads(skops.io.dumps(gap), trusted=[*trusted_types(), own])
    np.testing.assert_array_equal(loaded.transform(PHOTOS), gap.transform(PHOTOS))


def test_a_file_that_names_another_type_is_refused():
    gap = tiny_gap().fit(PHOTOS)
    gap.harm = print
    with pytest.raises(UntrustedTypesFoundException, match="print"):
        shared(gap)


HARM = []


def test_a_network_that_brings_code_is_refused():
    """As a `.keras` file that brings code is; the layer holds the bytes of a function."""
    inputs = keras.Input((12, 12, 3))
    outputs = keras.layers.Lambda(lambda x: HARM.append(1) or x, output_shape=(12, 12, 3))(inputs)
    gap = tiny_gap().fit(PHOTOS)
    network = gap.networks_[0]
    gap.networks_ = [network.from_model("small_cnn", keras.Model(inputs, outputs))]
    HARM.clear()
    loaded = shared(gap)
    assert loaded.networks_[0].name == network.name
    with pytest.raises(Exception, match=r"Lambda|safe_mode|unsafe"):
        loaded.transform(PHOTOS)
    assert not HARM


@pytest.mark.parametrize("module", ["os", "subprocess", "builtins"])
def test_a_network_that_names_a_function_is_refused(module):
    gap = tiny_gap().fit(PHOTOS)
    network = gap.networks_[0]
    config = json.loads(network.config)
    config["config"]["layers"][1] |= {"module": module, "class_name": "system"}
    gap.networks_ = [network.replace(config=json.dumps(config))]
    with pytest.raises((TypeError, ValueError), match="system"):
        shared(gap).transform(PHOTOS)
