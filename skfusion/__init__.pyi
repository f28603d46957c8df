"""Names for type checkers: those that `__init__.py` loads when they are first used."""

from skfusion import datasets as datasets
from skfusion import distributed as distributed
from skfusion.augmentation._image_augmenter import ImageAugmenter as ImageAugmenter
from skfusion.embedding._cnn_embedder import CNNEmbedder as CNNEmbedder
from skfusion.embedding._embedder_options import EmbedderOptions as EmbedderOptions
from skfusion.embedding._pretrained_gap import PretrainedGAP as PretrainedGAP
from skfusion.exceptions import BackendNotFoundError as BackendNotFoundError
from skfusion.exceptions import ExtraNotFoundError as ExtraNotFoundError
from skfusion.exceptions import ImageDriftWarning as ImageDriftWarning
from skfusion.exceptions import ImageReadError as ImageReadError
from skfusion.exceptions import ModelVersionError as ModelVersionError
from skfusion.exceptions import ModelVersionWarning as ModelVersionWarning
from skfusion.exceptions import StoreWarning as StoreWarning
from skfusion.exceptions import UnreadableImageWarning as UnreadableImageWarning
from skfusion.exceptions import WeightsNotFoundError as WeightsNotFoundError
from skfusion.features._image_descriptors import ImageDescriptors as ImageDescriptors
from skfusion.features._pixel_flattener import PixelFlattener as PixelFlattener
from skfusion.fusion._fusion_classifier import FusionClassifier as FusionClassifier
from skfusion.fusion._fusion_regressor import FusionRegressor as FusionRegressor
from skfusion.fusion._fusion_verdict import FusionVerdict as FusionVerdict
from skfusion.fusion._image_block import ImageBlock as ImageBlock
from skfusion.fusion._joint_fusion_classifier import (
    JointFusionClassifier as JointFusionClassifier,
)
from skfusion.fusion._joint_fusion_regressor import JointFusionRegressor as JointFusionRegressor
from skfusion.fusion._make_fusion_pipeline import make_fusion_pipeline as make_fusion_pipeline
from skfusion.heads._dense_classifier import DenseClassifier as DenseClassifier
from skfusion.heads._dense_regressor import DenseRegressor as DenseRegressor
from skfusion.heads._keras_classifier import KerasClassifier as KerasClassifier
from skfusion.heads._keras_regressor import KerasRegressor as KerasRegressor
from skfusion.images._image_reader import ImageReader as ImageReader
from skfusion.inspection._comparison_display import ComparisonDisplay as ComparisonDisplay
from skfusion.inspection._explain import explain as explain
from skfusion.inspection._explanation import Explanation as Explanation
from skfusion.inspection._explanation_display import ExplanationDisplay as ExplanationDisplay
from skfusion.inspection._region_display import RegionDisplay as RegionDisplay
from skfusion.inspection._rows_display import RowsDisplay as RowsDisplay
from skfusion.inspection._source_importance import source_importance as source_importance
from skfusion.inspection._source_importance_display import (
    SourceImportanceDisplay as SourceImportanceDisplay,
)
from skfusion.inspection._training_history_display import (
    TrainingHistoryDisplay as TrainingHistoryDisplay,
)
from skfusion.io._load_features import load_features as load_features
from skfusion.networks._image_preprocessing import ImagePreprocessing as ImagePreprocessing
from skfusion.networks.backbones._listing import list_backbones as list_backbones
from skfusion.networks.backbones._listing import list_cut_layers as list_cut_layers
from skfusion.networks.runtimes._resources import limit_resources as limit_resources
from skfusion.reports._check_images import check_images as check_images
from skfusion.reports._image_report import ImageReport as ImageReport
from skfusion.reports._model_report import ModelReport as ModelReport
from skfusion.reports._report import report as report
from skfusion.reports.audit._audit import audit as audit
from skfusion.reports.audit._audit_report import AuditReport as AuditReport
from skfusion.reports.comparison._compare import compare as compare
from skfusion.reports.comparison._comparison import Comparison as Comparison
from skfusion.serving._half_precision import half_precision as half_precision
from skfusion.serving._micro_batcher import MicroBatcher as MicroBatcher
from skfusion.serving._required_columns import required_columns as required_columns
from skfusion.serving._to_onnx import to_onnx as to_onnx
from skfusion.serving._trusted_types import trusted_types as trusted_types
from skfusion.serving._warm_up import warm_up as warm_up
from skfusion.store._feature_store import FeatureStore as FeatureStore
from skfusion.tabular._table_encoder import TableEncoder as TableEncoder
from skfusion.training._training_options import TrainingOptions as TrainingOptions

__version__: str
