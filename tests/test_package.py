"""What importing costs, and where public names come from."""

import subprocess
import sys

import pytest

import skfusion

_HEAVY = """
import sys
import skfusion
heavy = {"keras", "scikeras", "tensorflow", "jax", "torch", "matplotlib", "skimage", "tqdm"}
heavy |= {"pydicom", "nibabel", "imagecodecs", "pywt", "h5py", "pyarrow"}
print(sorted(heavy & set(sys.modules)))
import sklearn, pandas
heavy -= {"pyarrow"} & set(sys.modules)  # pandas itself may load it
from skfusion import CNNEmbedder, ImageDescriptors, ImageReader, PixelFlattener, PretrainedGAP
from skfusion import DenseClassifier, DenseRegressor, TrainingHistoryDisplay
from skfusion import ExplanationDisplay, FusionClassifier, ImageAugmenter, RegionDisplay
from skfusion import datasets, load_features
print(sorted(heavy & set(sys.modules)))
"""


def test_importing_loads_nothing_heavy():
    shown = subprocess.run(
        [sys.executable, "-c", _HEAVY], capture_output=True, text=True, check=True, timeout=120
    ).stdout
    assert shown.split("\n")[:2] == ["[]", "[]"]


@pytest.mark.parametrize("name", skfusion.__all__)
def test_each_public_name_is_there(name):
    assert getattr(skfusion, name) is not None
    assert name in dir(skfusion)


def test_unknown_name():
    with pytest.raises(AttributeError, match="has no attribute 'Nothing'"):
        skfusion.Nothing  # noqa: B018


def test_version_is_the_one_installed():
    from importlib.metadata import version

    assert version("skfusion") == skfusion.__version__


def test_public_classes_have_examples():
    for name in skfusion.__all__:
        item = getattr(skfusion, name)
        if isinstance(item, type):
            assert ">>>" in item.__doc__, name
