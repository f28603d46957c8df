"""Conversion of fitted estimators to parts of a graph, each by its type."""

from sklearn.compose import ColumnTransformer
from sklearn.ensemble import VotingClassifier, VotingRegressor
from sklearn.frozen import FrozenEstimator
from sklearn.impute import SimpleImputer
from sklearn.model_selection import FixedThresholdClassifier, TunedThresholdClassifierCV
from sklearn.model_selection._search import BaseSearchCV
from sklearn.pipeline import FeatureUnion, Pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, OrdinalEncoder, TargetEncoder

from skfusion.base import ImageTransformer
from skfusion.fusion._base_fusion import BaseFusion
from skfusion.fusion._base_joint import BaseJoint
from skfusion.fusion._block_scaler import BlockScaler
from skfusion.fusion._image_block import ImageBlock
from skfusion.fusion._scaled_columns import ScaledColumns
from skfusion.heads._base_dense import BaseDense
from skfusion.networks._joint_network import JointNetwork
from skfusion.serving.graph import _ensembles, _fusion, _image_blocks
from skfusion.serving.graph._columns import Column, Matrix, as_matrix
from skfusion.serving.graph._dense_head import convert_dense
from skfusion.serving.graph._image_features import convert_images
from skfusion.serving.graph._imputer import convert_imputer
from skfusion.serving.graph._joint import convert_feature_network, convert_joint
from skfusion.serving.graph._lookup import convert_lookup
from skfusion.serving.graph._not_convertible import NotConvertible
from skfusion.serving.graph._plain_sklearn import convert_predictor, convert_transformer
from skfusion.serving.graph._table_encoder import convert_table
from skfusion.tabular._table_encoder import TableEncoder


def transform(g, estimator, inputs):
    """Return what a transformer computes.

    Parameters
    ----------
    g : GraphBuilder
        The graph.

    estimator : estimator
        A fitted transformer.

    inputs : Matrix or list of (Column or Matrix)
        What it gets.

    Returns
    -------
    outputs : Matrix or list of (Column or Matrix)
        What it computes.
    """
    if estimator is None or (isinstance(estimator, str) and estimator == "passthrough"):
        return inputs
    for kind, convert in _TRANSFORMERS:
        if isinstance(estimator, kind):
            return convert(g, estimator, inputs)
    return convert_transformer(g, estimator, as_matrix(g, inputs))


def predict(g, estimator, inputs):
    """Return what a predictor computes, as a Prediction."""
    if isinstance(estimator, Pipeline):
        for _, step in estimator.steps[:-1]:
            if not hasattr(step, "fit_resample"):  # imbalanced-learn's: used in fit only
                inputs = transform(g, step, inputs)
        return predict(g, estimator.steps[-1][1], inputs)
    if isinstance(estimator, BaseSearchCV):
        return predict(g, estimator.best_estimator_, inputs)
    if isinstance(estimator, FrozenEstimator):
        return predict(g, estimator.estimator, inputs)
    if isinstance(estimator, BaseFusion):
        return _fusion.convert_fusion(g, estimator, inputs, transform, predict)
    if isinstance(estimator, BaseJoint):
        return convert_joint(g, estimator, inputs, transform)
    for kind, convert in _ENSEMBLES:
        if isinstance(estimator, kind):
            return convert(g, estimator, inputs, predict)
    matrix = as_matrix(g, inputs)
    if isinstance(estimator, BaseDense):
        return convert_dense(g, estimator, matrix)
    if isinstance(getattr(estimator, "network_", None), JointNetwork):
        return convert_feature_network(g, estimator, matrix)
    return convert_predictor(g, estimator, matrix)


def try_transform(g, estimator, inputs, width=None):
    """Return what a transformer computes; note why it can't be converted.

    Parameters
    ----------
    g : GraphBuilder
        The graph; a reason is added to its problems.

    estimator, inputs : object
        As in `transform`.

    width : int or None, default=None
        How many columns take the place of those that can't be computed, so that all other parts
        are tried; None gives up.
    """
    try:
        return transform(g, estimator, inputs)
    except NotConvertible as error:
        if width is None:
            raise
        g.problems.append(str(error))
        return Matrix(g.constant([[0.0] * width]), width)


def _pipeline(g, pipeline, inputs):
    for _, step in pipeline.steps:
        inputs = transform(g, step, inputs)
    return inputs


def _column_transformer(g, estimator, inputs):
    parts = _cells(inputs)
    outputs = []
    for name, step, _ in estimator.transformers_:
        chosen = estimator._transformer_to_input_indices[name]
        slot = estimator.output_indices_[name]
        if (isinstance(step, str) and step == "drop") or len(chosen) == 0:
            continue
        some = [_part(g, parts, position) for position in chosen]
        made = try_transform(g, step, some, slot.stop - slot.start)
        outputs += made if isinstance(made, list) else [made]
    return outputs


def _cells(inputs):
    """Return inputs column by column where that is known."""
    return inputs if isinstance(inputs, list) else [inputs]


def _part(g, parts, position):
    """Return one column of inputs."""
    for part in parts:
        width = part.width if isinstance(part, Matrix) else 1
        if position < width:
            if isinstance(part, Column) or width == 1:
                return part
            return Matrix(g.slice(part.tensor, int(position), int(position) + 1, 1), 1)
        position -= width
    raise NotConvertible("ColumnTransformer selects a column that its input lacks")


def _feature_union(g, union, inputs):
    outputs = []
    for _, step in union.transformer_list:
        if not (isinstance(step, str) and step == "drop"):
            made = transform(g, step, inputs)
            outputs += made if isinstance(made, list) else [made]
    if union.transformer_weights:
        raise NotConvertible("FeatureUnion has transformer_weights")
    return outputs


def _function(g, estimator, inputs):
    if estimator.func is not None:
        name = getattr(estimator.func, "__qualname__", repr(estimator.func))
        raise NotConvertible(f"FunctionTransformer calls the Python function {name}")
    return inputs


def _frozen(g, estimator, inputs):
    return transform(g, estimator.estimator, inputs)


_TRANSFORMERS = (
    (Pipeline, _pipeline),
    (ColumnTransformer, _column_transformer),
    (FeatureUnion, _feature_union),
    (FunctionTransformer, _function),
    (FrozenEstimator, _frozen),
    (ImageTransformer, convert_images),
    (TableEncoder, convert_table),
    ((OneHotEncoder, OrdinalEncoder, TargetEncoder), convert_lookup),
    (SimpleImputer, convert_imputer),
    (ImageBlock, _image_blocks.convert_block),
    (ScaledColumns, _image_blocks.convert_scaled_columns),
    (BlockScaler, _image_blocks.convert_scaler),
)
_ENSEMBLES = (
    (VotingClassifier, _ensembles.convert_voting_classifier),
    (VotingRegressor, _ensembles.convert_voting_regressor),
    ((FixedThresholdClassifier, TunedThresholdClassifierCV), _ensembles.convert_threshold),
)
