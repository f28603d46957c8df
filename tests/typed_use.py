"""A user's code, for the type checker only: it is never run."""

from typing import assert_type

import numpy as np
import pandas as pd
from sklearn.utils import Bunch

from skfusion import (
    CNNEmbedder,
    DenseClassifier,
    FeatureStore,
    FusionClassifier,
    FusionRegressor,
    ImageDescriptors,
    ImageReader,
    ImageReport,
    PixelFlattener,
    PretrainedGAP,
    check_images,
    compare,
    datasets,
    list_backbones,
    make_fusion_pipeline,
    warm_up,
)


def extract(frame: pd.DataFrame) -> None:
    """Turn a column of images into features."""
    store = FeatureStore("features", max_bytes=10**9)
    gap = PretrainedGAP(["ResNet50", "Xception"], cache=store, image_size=(224, 224))
    assert_type(gap.fit(frame), PretrainedGAP)
    assert_type(gap.n_features_out_, int)
    assert_type(PixelFlattener().fit(frame), PixelFlattener)
    assert_type(ImageDescriptors().get_feature_names_out(), np.ndarray)
    assert_type(CNNEmbedder(cut_layer="dense").list_cut_layers(), pd.DataFrame)
    assert_type(ImageReader().read("scan.png"), np.ndarray)
    assert_type(store.width("extractor"), int | None)


def predict(frame: pd.DataFrame, y: np.ndarray) -> None:
    """Fit models and predict."""
    fusion = FusionClassifier(image_columns="scan", cv=5).fit(frame, y)
    assert_type(fusion, FusionClassifier)
    assert_type(fusion.predict_proba(frame), np.ndarray)
    assert_type(fusion.predict_set(frame, coverage=0.8), np.ndarray)
    assert_type(fusion.verdict_.text, str)
    assert_type(FusionRegressor().fit(frame, y).predict_interval(frame), np.ndarray)
    head = DenseClassifier(hidden=(64,)).fit(np.zeros((4, 2)), [0, 1, 0, 1])
    assert_type(head.predict(np.zeros((1, 2))), np.ndarray)
    make_fusion_pipeline(head, image_columns=["scan"]).fit(frame, y)
    assert_type(warm_up(fusion, n_rows=[1, 32]), int)
    assert_type(compare(["table", "image"], frame, y, cv=5).verdict, str)


def look_at_data() -> None:
    """Use the functions."""
    assert_type(datasets.load_digits_iris(), Bunch)
    assert_type(check_images(["a.png"]), ImageReport)
    assert_type(list_backbones(), list[str])


def misuse() -> None:
    """Make mistakes that a type checker must find."""
    PretrainedGAP(backbone=3)  # type: ignore[arg-type]  # not a backbone
    CNNEmbedder(epoch=3)  # type: ignore[call-arg]  # no such parameter
