"""Columns of masks: which column is whose, what is refused, and what a store keeps."""

import pickle

import numpy as np
import pandas as pd
import polars as pl
import pytest
from PIL import Image
from sklearn.base import clone
from sklearn.compose import ColumnTransformer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skfusion import (
    FeatureStore,
    ImageDescriptors,
    ImageReader,
    ImageReadError,
    UnreadableImageWarning,
)
from tests.features.descriptors_for_tests import half, noise, smooth

MASKED = ["intensity", "color", "lbp", "glcm", "glrlm", "glszm", "shape", "wavelet"]
SIZE = (20, 24)


@pytest.fixture
def frame():
    """Three rows: the same image under two masks, and another one."""
    image, corner = smooth(SIZE), np.zeros(SIZE, dtype=bool)
    corner[:8, :9] = True
    return pd.DataFrame(
        {"photo": [image, image, noise(SIZE)], "lesion": [half(SIZE), corner, half(SIZE)]},
        index=list("abc"),
    )


def with_column(families=("intensity", "shape"), **options):
    options = {"image_size": None, "mask": ["lesion"], **options}
    return ImageDescriptors(families, **options)


def test_a_column_of_masks(frame):
    descriptors = with_column(MASKED).set_output(transform="pandas")
    features = descriptors.fit_transform(frame)
    assert features.index.tolist() == list("abc")
    assert all(name.startswith("photo_") for name in features)
    assert descriptors.feature_names_in_.tolist() == ["photo", "lesion"]
    assert descriptors.n_features_out_ == features.shape[1]
    for row in range(3):
        mask = frame["lesion"].iloc[row]
        alone = ImageDescriptors(MASKED, image_size=None, mask=lambda pixels, mask=mask: mask)
        np.testing.assert_array_equal(
            features.to_numpy()[row], alone.fit_transform([frame["photo"].iloc[row]])[0]
        )
    # One image under two masks is measured twice, and each row by itself gives the same.
    assert (features.loc["a"] != features.loc["b"]).any()
    for row in "abc":
        assert (descriptors.transform(frame.loc[[row]]).loc[row] == features.loc[row]).all()


def test_many_rows_share_images_and_masks():
    rng = np.random.default_rng(0)
    images = [noise((6, 7), seed=i) for i in range(4)]
    masks = [noise((6, 7), seed=i) > 150 for i in range(5, 9)]
    chosen = rng.integers(0, 4, (40, 2))
    table = pd.DataFrame(
        {"photo": [images[i] for i in chosen[:, 0]], "lesion": [masks[j] for j in chosen[:, 1]]}
    )
    features = with_column("intensity").set_output(transform="pandas").fit_transform(table)
    expected = [images[i][masks[j]].mean() for i, j in chosen]
    np.testing.assert_allclose(features["photo_intensity_mean"], expected, rtol=1e-6)
    table.loc[3::7, "lesion"] = None
    gaps = with_column("intensity", missing="nan").set_output(transform="pandas")
    values = gaps.fit_transform(table)["photo_intensity_mean"]
    assert values.isna().tolist() == table["lesion"].isna().tolist()
    np.testing.assert_allclose(values.dropna(), np.array(expected)[values.notna()], rtol=1e-6)


def test_columns_may_stand_in_any_order_and_container(frame):
    expected = with_column().fit_transform(frame)
    swapped = frame[["lesion", "photo"]]
    np.testing.assert_array_equal(with_column().fit_transform(swapped), expected)
    names = with_column().fit(swapped).get_feature_names_out()
    assert names[0] == "photo_intensity_mean"
    table = pl.DataFrame({name: pl.Series(list(frame[name]), dtype=pl.Object) for name in frame})
    np.testing.assert_array_equal(with_column().fit_transform(table), expected)
    for mask in ([1], [-1], ["x1"]):
        descriptors = with_column(mask=mask)
        np.testing.assert_array_equal(descriptors.fit_transform(frame.to_numpy()), expected)
        assert descriptors.get_feature_names_out()[0] == "x0_intensity_mean"


def test_one_mask_for_several_images_or_one_for_each(frame):
    both = frame.assign(scan=frame["photo"].iloc[::-1].to_numpy())
    features = with_column().fit_transform(both)
    expected = with_column().fit_transform(frame)
    np.testing.assert_array_equal(features[:, : expected.shape[1]], expected)
    assert with_column().fit(both).get_feature_names_out()[-1] == "scan_shape_hu_7"
    each = both.assign(other=both["lesion"].iloc[::-1].to_numpy())
    features = with_column(mask=["lesion", "other"]).fit_transform(each)
    np.testing.assert_array_equal(features[:, expected.shape[1] :], expected[::-1])


def test_in_a_column_transformer(frame):
    table = frame.assign(age=[30, 40, 50])
    columns = ColumnTransformer(
        [
            ("scan", with_column(), ["photo", "lesion"]),
            ("numbers", StandardScaler(), ["age"]),
        ],
        verbose_feature_names_out=False,
    ).set_output(transform="pandas")
    features = clone(columns).fit_transform(table)
    assert features.columns[0] == "photo_intensity_mean"
    assert features.columns[-1] == "age"


def test_in_a_search_with_several_jobs(frame):
    table = pd.concat([frame] * 8, ignore_index=True)
    y = np.arange(len(table)) % 3 == 0
    pipe = make_pipeline(with_column("intensity"), StandardScaler(), LogisticRegression())
    search = GridSearchCV(pipe, {"imagedescriptors__mask": [["lesion"], [1]]}, cv=2, n_jobs=2)
    search.fit(table, y)
    assert search.score(table, y) == 1  # distinguished by the mask alone
    assert search.predict(table.iloc[[0]]).tolist() == [True]
    loaded = pickle.loads(pickle.dumps(search.best_estimator_))
    np.testing.assert_array_equal(loaded.predict(table), search.predict(table))


def test_masks_in_files_of_several_kinds(frame, tmp_path):
    expected = with_column().fit_transform(frame)
    mask = half(SIZE).astype(np.uint8)
    transparent = np.dstack([np.full((*SIZE, 3), 255, dtype=np.uint8), mask * 255])
    kinds = {
        "one.png": Image.fromarray(half(SIZE)),
        "label.png": Image.fromarray(mask),
        "palette.png": Image.fromarray(mask * 3).convert("P"),
        "sixteen.png": Image.fromarray(mask.astype(np.uint16)),
        "alpha.png": Image.fromarray(transparent),
        "red.png": Image.fromarray(np.dstack([mask, mask * 0, mask * 0]) * 255),
    }
    for name, image in kinds.items():
        image.save(tmp_path / name)
    table = pd.DataFrame({"photo": [smooth(SIZE)] * len(kinds), "lesion": list(kinds)})
    features = with_column(reader=ImageReader(root=tmp_path)).fit_transform(table)
    for row in features:
        np.testing.assert_array_equal(row, expected[0])


def test_masks_in_nifti_volumes(tmp_path):
    nibabel = pytest.importorskip("nibabel")
    volume = np.zeros((*SIZE, 3), dtype=np.int16)
    volume[..., 1] = smooth(SIZE)
    labels = np.zeros_like(volume)
    labels[5:15, 6:20, 1] = 2
    for name, values in [("scan", volume), ("label", labels), ("all", labels * 0 + 1)]:
        nibabel.save(nibabel.Nifti1Image(values, np.eye(4)), tmp_path / f"{name}.nii")
    table = pd.DataFrame({"scan": ["scan.nii"] * 2, "lesion": ["label.nii", "all.nii"]})
    descriptors = with_column("shape", reader=ImageReader(root=tmp_path))
    features = descriptors.set_output(transform="pandas").fit_transform(table)
    expected = [140 / 480, 1]
    np.testing.assert_allclose(features["scan_shape_area_fraction"], expected, rtol=1e-6)


def test_masks_are_resized_with_their_images():
    image, mask = smooth((40, 48)), half((40, 48))
    table = pd.DataFrame({"photo": [image], "lesion": [mask]})
    features = with_column("shape", image_size=SIZE).fit_transform(table)
    expected = with_column("shape").fit_transform(
        pd.DataFrame({"photo": [smooth(SIZE)], "lesion": [half(SIZE)]})
    )
    np.testing.assert_array_equal(features, expected)


def test_a_row_without_a_mask_is_missing(frame):
    frame = frame.assign(lesion=[half(SIZE), None, half(SIZE)])
    with pytest.raises(ImageReadError, match="1 of 3 images of column 'lesion' are missing: row 1"):
        with_column().fit(frame)
    features = with_column(missing="nan").fit_transform(frame)
    assert np.isnan(features).all(axis=1).tolist() == [False, True, False]
    frame.loc["a", "photo"] = None
    features = with_column(missing="nan").fit_transform(frame)
    assert np.isnan(features).all(axis=1).tolist() == [True, True, False]
    gone = frame.assign(photo=None, lesion=None)
    fitted = with_column(missing="zero").fit(frame)
    assert not fitted.transform(gone).any()


def spoiled(tmp_path, kind):
    path = tmp_path / f"{kind}.png"
    if kind == "unreadable":
        path.write_bytes(b"no image")
    elif kind == "empty":
        Image.fromarray(np.zeros(SIZE, dtype=np.uint8)).save(path)
    elif kind == "other size":
        Image.fromarray(np.ones((5, 6), dtype=np.uint8)).save(path)
    elif kind == "too small":
        mask = np.zeros(SIZE, dtype=np.uint8)
        mask[7, 9] = 1
        Image.fromarray(mask).save(path)
    return str(path)


REASONS = {
    "absent": "no such file",
    "unreadable": "no image format that Pillow reads",
    "empty": "is empty: no pixel is above 0",
    "other size": "has 5 x 6 pixels, the image 20 x 24",
    "too small": "nothing is left of its 1 pixels at 5 x 6; pass a larger image_size, or None",
}


@pytest.mark.parametrize("kind", REASONS)
def test_a_mask_that_can_t_be_used_is_named(frame, tmp_path, kind):
    path = spoiled(tmp_path, kind)
    frame["lesion"] = [half(SIZE), path, half(SIZE)]
    size = (5, 6) if kind == "too small" else None
    with pytest.raises(ImageReadError) as raised:
        with_column(image_size=size).fit_transform(frame)
    ((row, _, reason),) = raised.value.failures
    assert row == 1
    assert reason.startswith(f"its mask ({path})")
    assert REASONS[kind] in reason
    assert "corrupt='missing'" in str(raised.value)
    lenient = with_column(image_size=size, corrupt="missing", missing="nan")
    with pytest.warns(UnreadableImageWarning, match="1 of 3 images of column 'photo'.*row 1"):
        features = lenient.fit_transform(frame)
    assert np.isnan(features).all(axis=1).tolist() == [False, True, False]


@pytest.mark.parametrize(
    ("mask", "message"),
    [
        (["tumour"], "mask names the column 'tumour', which is not one of the 2 columns"),
        ([2], "mask names the column 2"),
        ([None], "mask names the column None"),
        ([], "must name one column of masks"),
        (["lesion", "lesion"], "must name one column of masks"),
        (["photo", "lesion"], "0 of them of images"),
    ],
)
def test_columns_that_are_none(frame, mask, message):
    with pytest.raises(ValueError, match=message):
        with_column(mask=mask).fit(frame)


def test_a_name_without_brackets(frame):
    with pytest.raises(ValueError, match=r"got 'lesion'. For a column .*: mask=\['lesion'\]"):
        with_column(mask="lesion").fit(frame)


def test_columns_make_no_sense_in_flattened_images():
    with pytest.raises(ValueError, match="with image_shape each row of X is one image"):
        ImageDescriptors(mask=[0], image_shape=(4, 4)).fit(np.ones((2, 16)))


def test_set_params_takes_effect_at_the_next_fit(frame):
    descriptors = with_column("intensity").fit(frame)
    expected = descriptors.transform(frame)
    descriptors.set_params(mask=None)
    np.testing.assert_array_equal(descriptors.transform(frame), expected)
    assert descriptors.fit(frame).n_features_out_ == 2 * 21  # now the masks are images too


# The store.


def test_pairs_are_kept_in_a_store(frame, tmp_path):
    store = FeatureStore(tmp_path / "store")
    expected = with_column().fit_transform(frame)
    for _ in range(2):
        features = with_column(cache=store).fit_transform(frame)
        np.testing.assert_array_equal(features, expected)
    assert store.stats()["rows"] == 3
    assert store.stats()["hits"] == 3
    # The same image alone, and under a mask that is another, is another row.
    with_column(cache=store).fit_transform(frame.assign(lesion=[~half(SIZE)] * 3))
    assert store.stats()["rows"] == 5
    ImageDescriptors(("intensity", "shape"), image_size=None, cache=store).fit_transform(
        frame[["photo"]]
    )
    assert store.stats()["rows"] == 7


def test_a_mask_that_was_written_anew_is_measured_anew(frame, tmp_path):
    path = tmp_path / "mask.png"
    table = frame.iloc[[0]].assign(lesion=str(path))
    store = FeatureStore(tmp_path / "store")
    for mask in (half(SIZE), ~half(SIZE)):
        Image.fromarray(mask).save(path)
        features = with_column(cache=store).fit_transform(table)
        expected = with_column().fit_transform(table.assign(lesion=[mask]))
        np.testing.assert_array_equal(features, expected)


def test_what_a_function_chooses_is_not_kept(tmp_path):
    store = FeatureStore(tmp_path / "store")
    for mask in (half(SIZE), ~half(SIZE)):
        descriptors = ImageDescriptors(
            "intensity", image_size=None, mask=lambda pixels, mask=mask: mask, cache=store
        )
        features = descriptors.fit_transform([smooth(SIZE)])
        assert features[0, 0] == pytest.approx(smooth(SIZE)[mask].mean())
    assert store.stats()["rows"] == 0


def test_masks_of_large_photographs(tmp_path):
    """Such files are decoded at reduced scale, but not where a mask has to fit them."""
    photo, mask = tmp_path / "photo.jpg", tmp_path / "mask.png"
    pixels = np.tile(noise((50, 60)), (24, 24))
    Image.fromarray(pixels).save(photo, quality=95)
    inside = np.zeros(pixels.shape, dtype=np.uint8)
    inside[:, :720] = 255
    Image.fromarray(inside).save(mask)
    frame = pd.DataFrame({"photo": [str(photo)], "ink": [str(mask)]})
    descriptors = ImageDescriptors(("shape",), mask=["ink"], image_size=(60, 72))
    table = descriptors.set_output(transform="pandas").fit_transform(frame)
    assert table["photo_shape_area_fraction"][0] == pytest.approx(0.5)


def test_joined_images_have_no_columns_of_masks(frame):
    with pytest.raises(ValueError, match=r"combine='mean' joins all images.*mask='otsu'"):
        with_column(combine="mean").fit(frame)
