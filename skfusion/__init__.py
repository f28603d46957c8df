"""Fuse pictures with a table, the scikit-learn way.

Public names are loaded when they are first used: ``import skfusion`` loads neither Keras nor a
backend nor matplotlib.
"""

from importlib import import_module

__version__ = "0.1.0"

_HOMES = {
    "PixelFlattener": "skfusion.features._pixels",
    "ImageDescriptors": "skfusion.features._descriptors",
    "PretrainedGAP": "skfusion.embedding._pretrained",
    "CNNEmbedder": "skfusion.embedding._cnn",
    "DenseClassifier": "skfusion.heads._dense_classifier",
    "DenseRegressor": "skfusion.heads._dense_regressor",
    "ImageAugmenter": "skfusion.augmentation._image_augmenter",
    "TrainingHistoryDisplay": "skfusion.training._history_display",
    "FusionClassifier": "skfusion.fusion._fusion_classifier",
    "FusionRegressor": "skfusion.fusion._fusion_regressor",
    "make_fusion_pipeline": "skfusion.fusion._make_fusion_pipeline",
    "TableEncoder": "skfusion.fusion._table_encoder",
    "PictureBlock": "skfusion.fusion._picture_block",
    "SourceImportanceDisplay": "skfusion.inspection._source_importance_display",
    "MicroBatcher": "skfusion._micro_batcher",
    "warm_up": "skfusion._warm_up",
    "limit_resources": "skfusion.networks._resources",
    "load_features": "skfusion.feature_files._load_features",
    "list_backbones": "skfusion.networks._backbones",
    "list_cut_layers": "skfusion.networks._layers",
    "half_precision": "skfusion.networks._half_precision",
    "to_onnx": "skfusion.networks._to_onnx",
    "trusted_types": "skfusion._trusted_types",
    "ImageReader": "skfusion.images._reader",
    "ImageReport": "skfusion.images._image_report",
    "check_images": "skfusion.images._check_images",
    "FeatureStore": "skfusion.store._feature_store",
    "StoreWarning": "skfusion.exceptions",
    "ImageReadError": "skfusion.exceptions",
    "WeightsNotFoundError": "skfusion.exceptions",
    "BackendNotFoundError": "skfusion.exceptions",
    "ExtraNotFoundError": "skfusion.exceptions",
    "ModelVersionError": "skfusion.exceptions",
    "ModelVersionWarning": "skfusion.exceptions",
    "PictureDriftWarning": "skfusion.exceptions",
    "UnreadableImageWarning": "skfusion.exceptions",
}

__all__ = ["__version__", "datasets", *_HOMES]


def __getattr__(name):
    if name == "datasets":
        return import_module("skfusion.datasets")
    if name not in _HOMES:
        raise AttributeError(f"module 'skfusion' has no attribute {name!r}")
    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__():
    return sorted(__all__)
