"""One network of images and table."""

import pickle

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, StratifiedKFold, cross_val_score
from sklearn.preprocessing import StandardScaler

from skfusion import (
    ImageReader,
    ImageReadError,
    JointFusionClassifier,
    TrainingOptions,
    warm_up,
)
from tests.fusion.conftest import classifier
from tests.fusion.joint_for_tests import joint, make_rows, make_xor, regressor
from tests.networks_for_tests import tiny_cnn, tiny_maps, tiny_tokens

pytestmark = pytest.mark.filterwarnings("ignore::skfusion.exceptions.ImageDriftWarning")


@pytest.fixture(scope="module")
def fitted():
    """Return a network of image and table, each of which predicts the class."""
    frame, of_table, _ = make_rows(240)
    images = [image // 8 + 100 * bit for image, bit in zip(frame["scan"], of_table, strict=True)]
    frame = frame.assign(scan=[image.astype(np.uint8) for image in images])
    model = joint(epochs=40, learning_rate=0.01, modality_dropout=0.3).fit(frame, of_table)
    return model, frame, of_table


# What it learns.


@pytest.mark.backend
@pytest.mark.parametrize(
    ("fusion", "fine_tune"),
    [("concat", "auto"), ("gated", None), ("film", None), ("cross_attention", None)],
    ids=["concat", "gated", "film", "cross_attention"],
)
def test_an_xor_of_image_and_table_is_learned(fusion, fine_tune):
    model = joint(
        fusion=fusion, fine_tune=fine_tune, epochs=60, learning_rate=0.01, modality_dropout=0.05
    )
    assert model.fit(*make_xor(300)).score(*make_xor(200, seed=1)) >= 0.95


def test_predictions_of_each_source_cannot_be_combined_to_an_xor():
    model = classifier(strategy="stacked").fit(*make_xor(300))
    assert 0.35 < model.score(*make_xor(200, seed=1)) < 0.65


def test_a_number_that_depends_on_both():
    frame, of_table, of_image = make_rows(300)
    target = 100 + 20.0 * (of_table ^ of_image)
    model = regressor(epochs=60, learning_rate=0.01, modality_dropout=0.05)
    model.fit(frame[:200], target[:200])
    assert model.score(frame[200:], target[200:]) > 0.8
    assert model.predict(frame[200:]).shape == (100,)
    assert "r2" in model.history_


def test_bins_of_a_number():
    frame, of_table, _ = make_rows(120)
    target = 5 + 10.0 * of_table + np.random.default_rng(0).normal(size=120)
    options = TrainingOptions(target_bins=4)
    model = regressor(options=options, epochs=20, learning_rate=0.01).fit(frame, target)
    assert model.n_outputs_ == 4
    assert model.score(frame, target) > 0.7
    assert target.min() < model.predict(frame).min() < model.predict(frame).max() < target.max()


@pytest.mark.parametrize(
    ("backbone", "fusion"),
    [(tiny_maps, "film"), (tiny_maps, "cross_attention"), (tiny_tokens, "film")],
    ids=["maps-film", "maps-attention", "tokens-film"],
)
def test_feature_maps_and_tokens(backbone, fusion):
    """With "cross_attention" the table looks at places; here the left or the right half."""
    random = np.random.default_rng(0)
    side, shade = random.integers(0, 2, (2, 120))
    images = np.zeros((120, 6, 6), dtype=np.uint8)
    images[:, :, :3] = 200 * shade[:, None, None]
    images[:, :, 3:] = 200 * random.integers(0, 2, 120)[:, None, None]
    y = np.where(side == 0, images[:, 0, 0], images[:, 0, 5]) > 100
    frame = pd.DataFrame({"side": side + 0.0, "scan": list(images)})
    model = JointFusionClassifier(backbone, fusion=fusion, epochs=3, random_state=0, n_units=8)
    model.fit(frame, y)
    assert model.predict_proba(frame).shape == (120, 2)
    assert model.history_["loss"].iloc[-1] < model.history_["loss"].iloc[0]


# Rows that lack a source.


def test_rows_without_an_image_are_predicted_from_the_table(fitted):
    model, frame, y = fitted
    assert model.score(frame, y) > 0.95
    assert model.score(frame.assign(scan=None), y) > 0.9
    some = frame.assign(scan=frame["scan"].where(np.arange(240) % 2 == 0, None))
    np.testing.assert_allclose(
        model.predict_proba(some)[::2], model.predict_proba(frame)[::2], rtol=1e-4, atol=1e-5
    )


def test_rows_with_an_empty_table_are_predicted_from_the_image(fitted):
    model, frame, y = fitted
    empty = frame.assign(value=np.nan)
    assert model.score(empty, y) > 0.9
    wrong = frame.assign(value=1.0 - y)
    assert model.score(wrong, y) < model.score(empty, y)


def test_rows_with_neither_get_the_same_probabilities(fitted):
    model, frame, _ = fitted
    mixed = frame[:7].assign(value=np.nan, scan=[frame["scan"][0], *[None] * 6])
    named = r"row 1 \(index b\); row 2 \(index c\)"
    with pytest.warns(UserWarning, match=rf"^6 of 7 rows have neither.*: {named}.* and 1 more\."):
        given = model.predict_proba(mixed.set_axis(list("abcdefg")))[1:4]
    np.testing.assert_allclose(given, given[[0, 0, 0]], rtol=1e-5)
    np.testing.assert_allclose(given.sum(axis=1), 1, rtol=1e-5)


def test_training_rows_may_lack_an_image_or_a_table():
    frame, of_table, _ = make_rows(120)
    frame.loc[::3, "scan"] = None
    frame.loc[1::3, "value"] = np.nan
    model = joint(epochs=20, learning_rate=0.01).fit(frame, of_table)
    has_value = frame["value"].notna()
    assert model.score(frame[has_value], of_table[has_value]) > 0.9


def test_without_modality_dropout_a_network_may_rely_on_one_source():
    """Dropping makes the worse source count: its rows are predicted better without the other."""
    frame, of_table, _ = make_rows(200)
    images = [
        (image // 4 + 30 * bit).astype(np.uint8)
        for image, bit in zip(frame["scan"], of_table, strict=True)
    ]
    frame, scores = frame.assign(scan=images), {}
    for share in (0.0, 0.5):
        model = joint(epochs=25, learning_rate=0.01, modality_dropout=share).fit(frame, of_table)
        losses = -np.log(model.predict_proba(frame.assign(value=np.nan))[np.arange(200), of_table])
        scores[share] = losses.mean()
    assert scores[0.5] < scores[0.0]


@pytest.mark.parametrize("column", ["value", "scan"])
def test_one_source(column):
    frame, of_table, of_image = make_rows(200)
    y = of_table if column == "value" else of_image
    images = ["scan"] if column == "scan" else []
    model = joint(image_columns=images, epochs=20, learning_rate=0.01).fit(frame[[column]], y)
    assert model.score(frame[[column]], y) > 0.95
    assert model.image_columns_ == images


# Several columns of images.


@pytest.mark.parametrize("fusion", ["concat", "gated", "film", "cross_attention"])
def test_several_columns_of_images(fusion):
    """The class is that both of two images are bright, which none of them alone shows."""
    random = np.random.default_rng(0)
    frame, _, of_image = make_rows(200)
    other, _, of_other = make_rows(200, seed=1)
    frame = frame.assign(back=other["scan"], value=random.normal(size=200))
    y = of_image & of_other
    model = joint(fusion=fusion, epochs=25, learning_rate=0.01, modality_dropout=0)
    assert model.fit(frame, y).score(frame, y) > 0.9
    assert model.image_columns_ == ["scan", "back"]
    lacking = model.predict_proba(frame.assign(back=None))
    assert lacking.shape == (200, 2)
    assert not np.allclose(lacking, model.predict_proba(frame), atol=0.1)


def test_the_frozen_part_is_computed_once_for_each_image():
    """Layers that are trained further continue from the outputs of those that are not."""
    frame, y = make_xor(32)
    options = {"epochs": 1, "early_stopping": False, "learning_rate": 0.01}
    model = joint(fine_tune=1, **options).fit(frame, y)
    assert model.history_["stage"].unique().tolist() == ["top", "fine-tune"]
    assert model.network_.input_shapes["image"] != (12, 12, 1)
    whole = joint(fine_tune=1, augmentation=lambda pixels: pixels, **options)
    whole.fit(frame, y)  # images may change: all layers compute them each time
    assert whole.network_.input_shapes["image"] == (12, 12, 1)
    np.testing.assert_allclose(whole.predict_proba(frame), model.predict_proba(frame), atol=1e-3)


# How it is trained.


@pytest.mark.parametrize(
    ("fine_tune", "stages"),
    [
        (None, ["top"]),
        (1, ["top", "fine-tune"]),
        ("conv2", ["top", "fine-tune"]),
        ("all", ["train"]),
    ],
    ids=["none", "last", "name", "all"],
)
def test_stages(fine_tune, stages):
    model = joint(fine_tune=fine_tune, epochs=2, early_stopping=False).fit(*make_xor(60))
    history = model.history_
    assert history["stage"].unique().tolist() == stages
    assert len(history) == 2 * len(stages)
    if len(stages) == 2:
        rates = history.groupby("stage")["learning_rate"].first()
        assert rates["fine-tune"] == pytest.approx(rates["top"] / 10)
    assert {"loss", "accuracy", "val_loss", "val_accuracy"} <= {*history.columns}


def test_the_second_stage_starts_where_the_first_ended():
    model = joint(fine_tune=1, epochs=15, learning_rate=0.01, early_stopping=False, dropout=0.0)
    frame, of_table, _ = make_rows(120)
    history = model.fit(frame, of_table).history_
    top, second = (history[history["stage"] == name]["loss"] for name in ("top", "fine-tune"))
    assert second.iloc[0] < 2 * top.iloc[-1] + 0.05
    assert second.iloc[0] < 0.5 * top.iloc[0]


def test_a_backbone_with_trained_weights_is_tuned_in_part(tmp_path):
    path = tmp_path / "backbone.keras"
    tiny_cnn((8, 8, 1)).save(path)
    model = JointFusionClassifier(path, epochs=1, random_state=0).fit(*make_xor(40))
    assert model.history_["stage"].unique().tolist() == ["top", "fine-tune"]


def test_early_stopping_ends_training():
    frame, of_table, _ = make_rows(100)
    model = joint(epochs=200, learning_rate=0.05, n_iter_no_change=2).fit(frame, of_table)
    assert len(model.history_) < 200


def test_augmentation_changes_training_images():
    seen = []

    def darken(pixels, rng):
        seen.append(pixels.shape)
        return pixels * 0.5

    joint(fine_tune="all", epochs=1, augmentation=darken, validation_fraction=0).fit(*make_xor(40))
    assert sum(shape[0] for shape in seen) == 40
    assert seen[0][1:] == (12, 12, 1)


def test_a_class_of_more_weight_is_predicted_more_often():
    frame, y = make_xor(120)
    shares = []
    for weight in (0.2, 5.0):
        weights = {"same": weight, "other": 1.0}
        model = joint(class_weight=weights, epochs=4, learning_rate=0.01).fit(frame, y)
        shares.append((model.predict_proba(frame)[:, list(model.classes_).index("same")]).mean())
    assert shares[1] > shares[0] + 0.2


def test_weights_of_rows():
    frame, of_table, _ = make_rows(120)
    wrong = np.arange(120) < 60
    y = np.where(wrong, 1 - of_table, of_table)
    options = {"epochs": 15, "learning_rate": 0.01, "validation_fraction": 0}
    model = joint(**options).fit(frame, y, sample_weight=np.where(wrong, 0.01, 1.0))
    assert model.score(frame, of_table) > 0.9


def test_rows_of_a_group_are_not_parted():
    frame, y = make_xor(40)
    model = joint(epochs=1).fit(frame, y, groups=np.zeros(40))
    assert "val_loss" not in model.history_  # nothing to hold out of one group
    model.fit(frame, y, groups=np.arange(40) // 4)
    assert "val_loss" in model.history_
    with pytest.raises(ValueError, match="groups is missing in 1 rows"):
        model.fit(frame, y, groups=[None, *["a", "b", "c"] * 13])


def test_a_transformer_of_the_table():
    frame, of_table, _ = make_rows(60)
    model = joint(table_transformer=StandardScaler()).fit(frame, of_table)
    assert model.predict(frame).shape == (60,)
    assert not hasattr(model.table_transformer, "mean_")  # it was cloned
    other = frame.assign(other=np.r_[np.nan, np.nan, np.arange(58)])
    with pytest.raises(ValueError, match=r"StandardScaler gives NaN.* 2 of 60 rows: row 0; row 1"):
        model.fit(other, of_table)
    other.loc[:1, ["value", "other"]] = np.nan  # nothing of these rows is used
    assert np.isfinite(model.fit(other, of_table).predict_proba(other)).all()


# As any estimator.


def test_the_same_seed_gives_the_same_network():
    frame, y = make_xor(60)
    first, second = (joint().fit(frame, y).predict_proba(frame) for _ in range(2))
    np.testing.assert_array_equal(first, second)
    other = joint(random_state=1).fit(frame, y).predict_proba(frame)
    assert not np.allclose(first, other)


def test_a_pickle_predicts_the_same(fitted):
    model, frame, _ = fitted
    loaded = pickle.loads(pickle.dumps(model))
    np.testing.assert_allclose(
        loaded.predict_proba(frame[:9]), model.predict_proba(frame[:9]), rtol=1e-5
    )
    pd.testing.assert_frame_equal(loaded.history_, model.history_)


def test_warm_up_builds_its_networks(fitted):
    model, *_ = fitted
    assert warm_up(pickle.loads(pickle.dumps(model)), n_rows=[1, 3]) == 2
    whole = joint(fine_tune="all", epochs=1).fit(*make_xor(40))
    assert warm_up(pickle.loads(pickle.dumps(whole))) == 1


def test_a_row_does_not_depend_on_others(fitted):
    model, frame, _ = fitted
    many = pd.concat([frame, frame], ignore_index=True)
    together = model.predict_proba(many)
    np.testing.assert_allclose(together[:240], together[240:], rtol=1e-4, atol=1e-5)
    alone = np.concatenate([model.predict_proba(frame[i : i + 1]) for i in range(3)])
    np.testing.assert_allclose(together[:3], alone, rtol=1e-4, atol=1e-5)


def test_columns_are_found_by_name(fitted):
    model, frame, _ = fitted
    mixed = frame[["scan", "value"]].assign(other="x")
    np.testing.assert_array_equal(model.predict(mixed), model.predict(frame))
    with pytest.raises(ValueError, match="value"):
        model.predict(frame[["scan"]])


def test_search_and_cross_validation():
    frame, of_table, _ = make_rows(60)
    search = GridSearchCV(
        joint(epochs=2), {"fusion": ["concat", "gated"], "options__warmup_epochs": [1]}, cv=2
    )
    search.fit(frame, of_table)
    assert search.best_params_["fusion"] in ("concat", "gated")
    scores = cross_val_score(clone(joint()), frame, of_table, cv=StratifiedKFold(2))
    assert scores.shape == (2,)


def test_progress_is_shown(capsys):
    joint(verbose=1, epochs=2).fit(*make_xor(40))
    shown = capsys.readouterr().err
    assert "JointFusionClassifier scan: 100%" in shown
    assert "JointFusionClassifier" in shown


# Wrong use.


def test_columns_of_images_of_different_shapes():
    frame, y = make_xor(20)
    other = [image[:4] for image in frame["scan"]]
    with pytest.raises(ValueError, match=r"shapes \[\(8, 8, 1\), \(4, 8, 1\)\].*Pass image_size"):
        joint(backbone=tiny_cnn, image_size=None, backbone_options=None).fit(
            frame.assign(back=other), y
        )
    with pytest.raises(ValueError, match=r"No row has an image in \['back'\]"):
        joint(image_columns=["scan", "back"]).fit(frame.assign(back=None), y)


def test_relative_paths_and_unreadable_images(tmp_path):
    X, y = make_xor(24)
    for i, image in enumerate(X["scan"]):
        Image.fromarray(image).save(tmp_path / f"{i}.png")
    (tmp_path / "3.png").write_bytes(b"no image")
    paths = X.assign(scan=[f"{i}.png" for i in range(24)])
    reader = ImageReader(root=tmp_path)
    with pytest.raises(ImageReadError, match=r"row 3 .*Pass corrupt='missing'"):
        joint(reader=reader).fit(paths, y)
    with pytest.warns(UserWarning, match="1 of 24 images"):
        lenient = joint(reader=reader, corrupt="missing").fit(paths, y)
    X["scan"] = [None if i == 3 else image for i, image in enumerate(X["scan"])]
    expected = joint().fit(X, y).predict_proba(X[4:])
    np.testing.assert_allclose(lenient.predict_proba(paths[4:]), expected, atol=1e-6)


def test_no_row_has_an_image():
    frame, y = make_xor(20)
    with pytest.raises(ValueError, match=r"No row has an image in \['scan'\]"):
        joint(image_columns=["scan"]).fit(frame.assign(scan=None), y)


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"fusion": "sum"}, "fusion"),
        ({"modality_dropout": 1.0}, "modality_dropout"),
        ({"fine_tune": "conv9"}, "conv9"),
        ({"fine_tune": "lora"}, "is for CNNEmbedder"),
        ({"options": TrainingOptions(target_bins=3)}, "JointFusionRegressor"),
        ({"backbone": "no_such_network"}, "no_such_network"),
        ({"augmentation": "heavy"}, "heavy"),
    ],
    ids=["fusion", "modality_dropout", "fine_tune", "lora", "options", "backbone", "augmentation"],
)
def test_wrong_options(options, match):
    with pytest.raises(ValueError, match=match):
        joint(**options).fit(*make_xor(20))


def test_before_fit():
    frame, _ = make_xor(3)
    for model in (joint(), regressor()):
        with pytest.raises(NotFittedError):
            model.predict(frame)


def test_a_linear_model_is_the_one_that_fails():
    """The made-up rows are an XOR: neither source has a line through it."""
    frame, y = make_xor(400)
    brightness = np.stack(frame["scan"]).mean(axis=(1, 2))
    columns = np.column_stack([frame["value"], brightness / 100])
    assert LogisticRegression().fit(columns, y).score(columns, y) < 0.65
