"""Users' own models: functions and model files."""

import keras
import numpy as np
import pytest

from skfusion import CNNEmbedder, PretrainedGAP, WeightsNotFoundError, list_cut_layers
from tests.networks_for_tests import tiny_maps

PIXELS = np.random.default_rng(0).integers(0, 256, (3, 8, 8, 3), dtype=np.uint8)


def own(backbone, **options):
    return PretrainedGAP(backbone, **{"image_size": (8, 8), **options})


@pytest.fixture(params=[".keras", ".h5"])
def path(request, tmp_path):
    return tmp_path / f"Own_Model{request.param}"


@pytest.mark.filterwarnings("ignore:You are saving your model as an HDF5 file")
def test_a_file_that_changed_is_read_again(path):
    features = []
    for seed in (1, 2):
        keras.utils.set_random_seed(seed)
        tiny_maps((8, 8, 3)).save(path)
        features.append(own(str(path)).fit_transform(PIXELS))
    assert not np.allclose(features[0], features[1])


def test_pixels_are_passed_as_they_are():
    gap = own(lambda input_shape: MODEL, pooling="max").fit(PIXELS)
    maps = keras.ops.convert_to_numpy(MODEL(PIXELS.astype(np.float32)))
    np.testing.assert_allclose(gap.transform(PIXELS), maps.max(axis=(1, 2)), rtol=1e-5)


MODEL = tiny_maps((8, 8, 3))


def test_a_model_that_a_function_keeps_is_not_changed():
    n_nodes = [len(layer._outbound_nodes) for layer in MODEL.layers]
    for cut_layer in ("maps", None):
        own(lambda input_shape: MODEL, cut_layer=cut_layer).fit_transform(PIXELS)
    assert [len(layer._outbound_nodes) for layer in MODEL.layers] == n_nodes


def test_a_function_is_called_in_each_fit():
    shapes = []

    def backbone(input_shape):
        shapes.append(input_shape)
        return tiny_maps(input_shape)

    for _ in range(2):
        own(backbone).fit(PIXELS)
    assert shapes == [(8, 8, 3)] * 2


def test_a_model_for_images_of_any_size(tmp_path):
    path = tmp_path / "any.keras"
    tiny_maps((None, None, 3)).save(path)
    assert own(path, pooling=None).fit(PIXELS).n_features_out_ == 8 * 8 * 3


def test_a_class_names_its_columns():
    class Backbone:
        def __call__(self, input_shape):
            return tiny_maps(input_shape)

    assert own(Backbone()).fit(PIXELS).get_feature_names_out()[0] == "x0_backbone_0000"
    gap = own(lambda input_shape: tiny_maps(input_shape)).fit(PIXELS)
    assert gap.get_feature_names_out()[0] == "x0_lambda_0000"


def test_a_missing_file(path):
    with pytest.raises(WeightsNotFoundError, match=r"No model at '.*Own_Model\..*': no such file"):
        own(path).fit(PIXELS)


def test_a_path_with_another_ending(tmp_path):
    path = tmp_path / "model.pb"
    path.write_bytes(b"no model")
    with pytest.raises(ValueError, match=r"The model file '.*model\.pb' can't be loaded"):
        own(path).fit(PIXELS)


@pytest.mark.parametrize("make", [lambda path: str(path), lambda path: tiny_maps])
def test_weights_that_do_not_fit(tmp_path, make):
    path, weights = tmp_path / "own.keras", tmp_path / "other.weights.h5"
    tiny_maps((8, 8, 3)).save(path)
    keras.Sequential([keras.Input((8,)), keras.layers.Dense(3)]).save_weights(weights)
    with pytest.raises(ValueError, match=r"other\.weights\.h5' don't fit (own|tiny_maps)"):
        own(make(path), weights=weights).fit(PIXELS)


def test_two_inputs_are_refused():
    def two(input_shape):
        inputs = [keras.Input(input_shape), keras.Input(input_shape)]
        return keras.Model(inputs, keras.layers.Add()(inputs))

    with pytest.raises(ValueError, match=r"must have one input of shape .* and one output"):
        list_cut_layers(two)


def test_a_file_is_fine_tuned_and_a_function_is_trained(tmp_path):
    path = tmp_path / "own.keras"
    tiny_maps((8, 8, 3)).save(path)
    stages = {}
    for backbone in (path, tiny_maps):
        embedder = CNNEmbedder(backbone, cut_layer="dense", epochs=1, random_state=0)
        embedder.fit(PIXELS, [0, 1, 0])
        stages[backbone] = set(embedder.history_["stage"])
    assert stages == {path: {"top", "fine-tune"}, tiny_maps: {"train"}}
