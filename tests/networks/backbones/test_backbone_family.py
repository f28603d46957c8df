"""A new family of backbones needs nothing but its file and its line in the registry."""

import json
import pickle
from dataclasses import dataclass

import numpy as np
import pytest

from skfusion import PretrainedGAP, list_backbones, list_cut_layers
from skfusion.networks._base_network import BaseNetwork
from skfusion.networks.backbones import _registry
from skfusion.networks.backbones._backbone_family import BackboneFamily
from skfusion.networks.backbones._backbone_spec import BackboneSpec
from skfusion.networks.runtimes._runtime import Runtime
from tests.processes import run_python

PIXELS = np.random.default_rng(0).integers(0, 256, (5, 8, 8, 3), dtype=np.uint8)


class TokenRuntime(Runtime):
    """Compute without Keras: rows of pixels are the tokens, as a transformer gives them."""

    def load(self, network):
        return network.pooling

    def run(self, model, batch):
        tokens = batch.reshape(len(batch), batch.shape[1], -1)
        return tokens.mean(axis=1) if model == "avg" else tokens.max(axis=1)


@dataclass(eq=False)
class TokenNetwork(BaseNetwork):
    """A network that isn't a Keras model."""

    input_shape: tuple
    pooling: str
    flips: str | None = None
    cut_name: str = "tokens"

    runtime = TokenRuntime()

    @property
    def output_shape(self):
        return (self.input_shape[1] * self.input_shape[2],)

    @property
    def fingerprint(self):
        return f"tokens {self.input_shape} {self.pooling}"

    @property
    def n_bytes(self):
        return 0

    def prepare(self, pixels):
        return np.asarray(pixels, dtype=np.float32) / 255

    def compute(self, inputs, batch_size=32):
        return self.runtime.compute(self, inputs, batch_size)

    def __getstate__(self):
        return {"input_shape": self.input_shape, "pooling": self.pooling}


class TokenFamily(BackboneFamily):
    """Backbones with a prefix, as presets on a hub have."""

    name = "tokens"
    extra = "none"

    def list_names(self):
        return ["token://small"]

    def claims(self, backbone):
        return isinstance(backbone, str) and backbone.startswith("token://")

    def find_spec(self, backbone):
        return BackboneSpec(backbone, (8, 8), 24, license="MIT", channels=3)

    def slug(self, backbone):
        return backbone.removeprefix("token://")

    def build(self, backbone, *, input_shape, weights, options, seed):
        return TokenNetwork(input_shape, "avg")

    def build_cut(self, backbone, cut_layer, pooling, *, input_shape, weights, options, seed):
        return TokenNetwork(input_shape, pooling)

    def list_cut_layers(self, backbone, *, input_shape, options, top):
        return ["tokens"]

    def version_key(self):
        return ("tokens", 1)


def register(monkeypatch=None):
    families = (TokenFamily(), *_registry.BACKBONE_FAMILIES)
    if monkeypatch is None:
        _registry.BACKBONE_FAMILIES = families
    else:
        monkeypatch.setattr(_registry, "BACKBONE_FAMILIES", families)


@pytest.fixture
def registered(monkeypatch):
    register(monkeypatch)


def expected(pooling):
    tokens = PIXELS.astype(np.float32).reshape(5, 8, 24) / 255
    return getattr(tokens, {"avg": "mean", "max": "max"}[pooling])(axis=1)


@pytest.mark.usefixtures("registered")
@pytest.mark.parametrize("pooling", ["avg", "max"])
def test_a_transformer_embeds_with_it(pooling):
    gap = PretrainedGAP("token://small", pooling=pooling).fit(PIXELS)
    np.testing.assert_allclose(gap.transform(PIXELS), expected(pooling), rtol=1e-5)
    assert gap.get_feature_names_out()[0] == "x0_small_0000"
    again = pickle.loads(pickle.dumps(gap))
    np.testing.assert_array_equal(again.transform(PIXELS), gap.transform(PIXELS))


@pytest.mark.usefixtures("registered")
def test_a_store_keeps_its_features(tmp_path):
    gap = PretrainedGAP("token://small", cache=tmp_path)
    np.testing.assert_allclose(gap.fit_transform(PIXELS), expected("avg"), rtol=1e-5)
    again = PretrainedGAP("token://small", cache=tmp_path).fit(PIXELS)
    np.testing.assert_array_equal(again.transform(PIXELS), gap.transform(PIXELS))


@pytest.mark.usefixtures("registered")
def test_it_stands_beside_others():
    gap = PretrainedGAP(["token://small", "small_cnn"], weights={"small_cnn": None})
    assert gap.set_params(image_size=(10, 10)).fit(PIXELS).n_features_out_ == 30 + 256


@pytest.mark.usefixtures("registered")
def test_it_is_listed_by_its_name_alone():
    assert "token://small" not in list_backbones()
    assert list_backbones(family="tokens") == ["token://small"]
    assert list_cut_layers("token://small") == ["tokens"]


NO_KERAS = """
import json, sys
from tests.networks.backbones.test_backbone_family import PIXELS, register
from skfusion import PretrainedGAP, list_backbones, list_cut_layers
register()
gap = PretrainedGAP("token://small").fit(PIXELS)
shape = gap.transform(PIXELS).shape
list_backbones(), list_cut_layers("token://small")
print(json.dumps([shape, sorted({"keras", "tensorflow"} & set(sys.modules))]))
"""


def test_no_keras_is_imported_for_another_runtime():
    assert json.loads(run_python(NO_KERAS)) == [[5, 24], []]


def test_abstract_methods_are_enforced():
    class NoBuild(TokenFamily):
        build = BackboneFamily.build

    with pytest.raises(TypeError, match=r"abstract method '?build"):
        NoBuild()
