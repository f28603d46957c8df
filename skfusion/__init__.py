"""Fuse images with a table, the scikit-learn way.

Public names are loaded when they are first used: ``import skfusion`` loads neither Keras nor a
backend nor matplotlib.
"""

from importlib import import_module
from importlib.util import find_spec

__version__ = "0.1.0"

_HOMES = {
    "PixelFlattener": "skfusion.features._pixel_flattener",
    "ImageDescriptors": "skfusion.features._image_descriptors",
    "PretrainedGAP": "skfusion.embedding._pretrained_gap",
    "CNNEmbedder": "skfusion.embedding._cnn_embedder",
    "EmbedderOptions": "skfusion.embedding._embedder_options",
    "TrainingOptions": "skfusion.training._training_options",
    "DenseClassifier": "skfusion.heads._dense_classifier",
    "DenseRegressor": "skfusion.heads._dense_regressor",
    "KerasClassifier": "skfusion.heads._keras_classifier",
    "KerasRegressor": "skfusion.heads._keras_regressor",
    "ImageAugmenter": "skfusion.augmentation._image_augmenter",
    "TrainingHistoryDisplay": "skfusion.inspection._training_history_display",
    "FusionClassifier": "skfusion.fusion._fusion_classifier",
    "FusionRegressor": "skfusion.fusion._fusion_regressor",
    "JointFusionClassifier": "skfusion.fusion._joint_fusion_classifier",
    "JointFusionRegressor": "skfusion.fusion._joint_fusion_regressor",
    "FusionVerdict": "skfusion.fusion._fusion_verdict",
    "make_fusion_pipeline": "skfusion.fusion._make_fusion_pipeline",
    "TableEncoder": "skfusion.tabular._table_encoder",
    "ImageBlock": "skfusion.fusion._image_block",
    "SourceImportanceDisplay": "skfusion.inspection._source_importance_display",
    "explain": "skfusion.inspection._explain",
    "Explanation": "skfusion.inspection._explanation",
    "ExplanationDisplay": "skfusion.inspection._explanation_display",
    "ComparisonDisplay": "skfusion.inspection._comparison_display",
    "RowsDisplay": "skfusion.inspection._rows_display",
    "source_importance": "skfusion.inspection._source_importance",
    "RegionDisplay": "skfusion.inspection._region_display",
    "MicroBatcher": "skfusion.serving._micro_batcher",
    "warm_up": "skfusion.serving._warm_up",
    "required_columns": "skfusion.serving._required_columns",
    "limit_resources": "skfusion.networks.runtimes._resources",
    "load_features": "skfusion.io._load_features",
    "list_backbones": "skfusion.networks.backbones._listing",
    "list_cut_layers": "skfusion.networks.backbones._listing",
    "half_precision": "skfusion.serving._half_precision",
    "to_onnx": "skfusion.serving._to_onnx",
    "trusted_types": "skfusion.serving._trusted_types",
    "ImagePreprocessing": "skfusion.networks._image_preprocessing",
    "ImageReader": "skfusion.images._image_reader",
    "ImageReport": "skfusion.reports._image_report",
    "check_images": "skfusion.reports._check_images",
    "compare": "skfusion.reports.comparison._compare",
    "Comparison": "skfusion.reports.comparison._comparison",
    "report": "skfusion.reports._report",
    "ModelReport": "skfusion.reports._model_report",
    "audit": "skfusion.reports.audit._audit",
    "AuditReport": "skfusion.reports.audit._audit_report",
    "FeatureStore": "skfusion.store._feature_store",
    "StoreWarning": "skfusion.exceptions",
    "ImageReadError": "skfusion.exceptions",
    "WeightsNotFoundError": "skfusion.exceptions",
    "BackendNotFoundError": "skfusion.exceptions",
    "ExtraNotFoundError": "skfusion.exceptions",
    "ModelVersionError": "skfusion.exceptions",
    "ModelVersionWarning": "skfusion.exceptions",
    "ImageDriftWarning": "skfusion.exceptions",
    "UnreadableImageWarning": "skfusion.exceptions",
}

# Their base class is SciKeras's, so that they can't be imported without it.
_NEED_SCIKERAS = {"KerasClassifier", "KerasRegressor"}
_MISSING = set() if find_spec("scikeras") else _NEED_SCIKERAS

_MODULES = ("datasets", "distributed")
__all__ = ["__version__", *_MODULES, *(name for name in _HOMES if name not in _MISSING)]


def __getattr__(name):
    if name in _MODULES:
        return import_module(f"skfusion.{name}")
    if name not in _HOMES:
        raise AttributeError(f"module 'skfusion' has no attribute {name!r}")
    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__():
    return sorted(__all__)
