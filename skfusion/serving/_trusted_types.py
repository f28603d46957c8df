"""What skops may load in a model with skfusion's estimators."""

# The classes in whose place a file may put its data: nothing in them runs code from the file.
_OURS = (
    "skfusion.extraction._drift_guard.DriftGuard",
    "skfusion._utils.saved_state.PlainFrame",
    "skfusion._utils.saved_state.VersionStamp",
    "skfusion.embedding._cnn_embedder.CNNEmbedder",
    "skfusion.embedding._embedder_options.EmbedderOptions",
    "skfusion.embedding._pretrained_gap.PretrainedGAP",
    "skfusion.features._image_descriptors.ImageDescriptors",
    "skfusion.features._descriptor_options.DescriptorOptions",
    "skfusion.features._pixel_flattener.PixelFlattener",
    "skfusion.fusion._block_scaler.BlockScaler",
    "skfusion.fusion._combination.Combination",
    "skfusion.fusion._fusion_classifier.FusionClassifier",
    "skfusion.fusion._fusion_regressor.FusionRegressor",
    "skfusion.fusion._base_models.BaseModels",
    "skfusion.fusion._image_block.ImageBlock",
    "skfusion.fusion._image_rotation.ImageRotation",
    "skfusion.fusion._model_builder.ModelBuilder",
    "skfusion.fusion._probability_stack.ProbabilityStack",
    "skfusion.fusion._regression_stack.RegressionStack",
    "skfusion.fusion._scaled_columns.ScaledColumns",
    "skfusion.fusion._source_columns.SourceColumns",
    "skfusion.fusion._source_encoder.SourceEncoder",
    "skfusion.fusion._target_transform.TargetTransform",
    "skfusion.tabular._category_encoder.CategoryEncoder",
    "skfusion.tabular._date_encoder.DateEncoder",
    "skfusion.tabular._number_encoder.NumberEncoder",
    "skfusion.tabular._table_encoder.TableEncoder",
    "skfusion.tabular._text_encoder.TextEncoder",
    "skfusion.heads._dense_classifier.DenseClassifier",
    "skfusion.heads._dense_network.DenseNetwork",
    "skfusion.heads._dense_regressor.DenseRegressor",
    "skfusion.augmentation._random_transform.RandomTransform",
    "skfusion.images._image_reader.ImageReader",
    "skfusion.images._value_range.ValueRange",
    "skfusion.networks._network.Network",
    "skfusion.networks._shared_array.SharedArray",
    "skfusion.store._feature_store.FeatureStore",
    "skfusion.training._training_options.TrainingOptions",
)
# What skops leaves to its user: paths among parameters, the dtype of an encoder, what a search
# keeps of its folds and scorer, and the nodes of a tree; with scikit-learn 1.6 and skops 0.13 also
# the names of columns left over, and what is known of metadata.
_OTHERS = (
    "numpy.dtype",
    "pathlib.PosixPath",
    "pathlib.WindowsPath",
    "sklearn.compose._column_transformer._RemainderColsList",
    "sklearn.metrics._scorer._PassthroughScorer",
    "sklearn.model_selection._split.GroupKFold",
    "sklearn.model_selection._split.KFold",
    "sklearn.model_selection._split.StratifiedGroupKFold",
    "sklearn.model_selection._split.StratifiedKFold",
    "sklearn.tree._tree.Tree",
    "sklearn.utils._metadata_requests.MetadataRequest",
    "sklearn.utils._metadata_requests.MethodMetadataRequest",
)


def trusted_types() -> list[str]:
    """Give the types that `skops.io.load` has to trust to load a model with skfusion inside.

    A file that skops wrote holds data and the names of types. skops makes objects of the types
    that it knows, and of those on this list; a file that names another one is refused. It is the
    way to load a model from others: a pickle can run any code while it is loaded, and
    nothing can make one safe.

    Returns
    -------
    types : list of str
        skfusion's own classes, and the few of numpy, pathlib and scikit-learn that its estimators
        and a search over them hold. Other estimators beside them may need more:
        `skops.io.get_untrusted_types` names them.

    See Also
    --------
    half_precision : A model of half the size.

    Examples
    --------
    >>> import numpy as np
    >>> import skops.io
    >>> from skfusion import PixelFlattener, trusted_types
    >>> flattener = PixelFlattener().fit(np.zeros((2, 8, 8), dtype="uint8"))
    >>> data = skops.io.dumps(flattener)
    >>> skops.io.loads(data, trusted=trusted_types())
    PixelFlattener()
    """
    return [*_OURS, *_OTHERS]
