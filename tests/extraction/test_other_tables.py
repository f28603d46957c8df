"""Tables of other libraries, and NumPy's own strings: a value or an error with a remedy."""

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from PIL import Image
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from skfusion import (
    FusionClassifier,
    ImageAugmenter,
    ImageDescriptors,
    PixelFlattener,
    TableEncoder,
    check_images,
    explain,
)

N = 8


@pytest.fixture(scope="module")
def frame(tmp_path_factory):
    folder = tmp_path_factory.mktemp("images")
    paths = [str(folder / f"{row}.png") for row in range(N)]
    for row, path in enumerate(paths):
        Image.new("L", (8, 8), 20 * row).save(path)
    return pd.DataFrame({"photo": paths, "dose": np.linspace(0.5, 3.1, N)})


@pytest.fixture(scope="module")
def model(frame):
    embedder = ImageDescriptors(("intensity",), image_size=(8, 8))
    model = FusionClassifier(embedder, image_columns="photo", cv=2, random_state=0)
    return model.fit(frame, np.arange(N) % 2)


class SparkTable:
    """The attributes of a DataFrame of Spark that matter here; Spark needs Java."""

    schema = None

    def toPandas(self):
        raise AssertionError("nothing may be computed")


OTHERS = {
    "LazyFrame": (lambda frame: pl.from_pandas(frame).lazy(), r"\(LazyFrame\).*X\.collect\(\)"),
    "Arrow": (pa.Table.from_pandas, r"\(Table\).*X\.to_pandas\(\)"),
    "batch": (pa.RecordBatch.from_pandas, r"\(RecordBatch\).*X\.to_pandas\(\)"),
    "Spark": (lambda frame: SparkTable(), r"\(SparkTable\).*X\.toPandas\(\)"),
}
others = pytest.mark.parametrize(("convert", "match"), OTHERS.values(), ids=list(OTHERS))


@others
def test_transformers_name_the_conversion(frame, convert, match):
    table = convert(frame[["photo"]])
    with pytest.raises(TypeError, match=match):
        PixelFlattener().fit(table)
    with pytest.raises(TypeError, match=match):
        PixelFlattener().fit(frame[["photo"]]).transform(table)
    with pytest.raises(TypeError, match=match):
        TableEncoder().fit(convert(frame[["dose"]]))
    with pytest.raises(TypeError, match=match):
        ImageAugmenter(factor=2).fit_resample(table, np.arange(N) % 2)


@others
def test_models_and_reports_name_the_conversion(frame, model, convert, match):
    table = convert(frame)
    with pytest.raises(TypeError, match=match):
        model.predict(table)
    with pytest.raises(TypeError, match=match):
        explain(model, table)
    with pytest.raises(TypeError, match=match):
        check_images(table)


of_numpy_2 = pytest.mark.skipif(
    not hasattr(np.dtypes, "StringDType"), reason="NumPy has StringDType since 2.0"
)


@of_numpy_2
@pytest.mark.parametrize("shape", [(N,), (N, 1)], ids=["column", "table"])
def test_paths_in_strings_of_numpy(frame, shape):
    paths = frame["photo"].to_numpy(dtype=np.dtypes.StringDType()).reshape(shape)
    expected = PixelFlattener().fit_transform(frame[["photo"]])
    np.testing.assert_array_equal(PixelFlattener().fit_transform(paths), expected)


@of_numpy_2
def test_classes_in_strings_of_numpy(frame):
    texts = np.array(["ill", "well"] * (N // 2), dtype=np.dtypes.StringDType())
    embedder = ImageDescriptors(("intensity",), image_size=(8, 8))
    model = FusionClassifier(embedder, image_columns="photo", cv=2, random_state=0)
    predicted = model.fit(frame, texts).predict(frame)
    expected = model.fit(frame, texts.astype(object)).predict(frame)
    assert list(predicted) == list(expected)


@pytest.mark.parametrize("dtype", [complex, np.complex64, object])
def test_complex_numbers_are_refused(frame, dtype):
    table = frame[["dose"]].assign(wave=(frame["dose"].to_numpy() * 1j).astype(dtype))
    with pytest.raises(ValueError, match=r"'wave' holds a complex\w* in row 0"):
        TableEncoder().fit(table)
    with pytest.raises(ValueError, match=r"'wave' holds a complex\w* in row 0"):
        make_pipeline(TableEncoder(), LogisticRegression()).fit(table, np.arange(N) % 2)
