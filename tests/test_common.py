"""scikit-learn's own checks over every public estimator."""

import pytest
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.utils.estimator_checks import parametrize_with_checks

from skfusion import (
    CNNEmbedder,
    DenseClassifier,
    DenseRegressor,
    FusionClassifier,
    FusionRegressor,
    ImageBlock,
    ImageDescriptors,
    JointFusionClassifier,
    JointFusionRegressor,
    KerasClassifier,
    KerasRegressor,
    PixelFlattener,
    PretrainedGAP,
    TableEncoder,
)
from tests.heads.keras_functions import SmallModel, build_any_classifier, build_regressor
from tests.networks_for_tests import TinyCNN

# Each row of numbers is an image of one column of gray pixels.
AS_IMAGES = {"image_shape": (-1, 1, 1)}

ESTIMATORS = [
    PixelFlattener(**AS_IMAGES),
    ImageDescriptors(**AS_IMAGES),
    PretrainedGAP(
        "MobileNet",
        weights=None,
        backbone_options={"alpha": 0.25},
        image_size=(32, 32),
        **AS_IMAGES,
    ),
    CNNEmbedder(TinyCNN(), cv=None, epochs=2, early_stopping=False, **AS_IMAGES),
    CNNEmbedder(TinyCNN(), cv=2, cut_layer="dense", epochs=2, early_stopping=False, **AS_IMAGES),
    DenseClassifier(),
    DenseRegressor((16,), batch_norm=True, early_stopping=True),
    KerasClassifier(SmallModel(build_any_classifier), epochs=1, verbose=0),
    KerasRegressor(SmallModel(build_regressor), loss="mean_squared_error", epochs=1, verbose=0),
    TableEncoder(),
    ImageBlock(),
    # The checks' numbers are a table without images.
    FusionClassifier(
        image_columns=[], cv=2, estimators={"table": LogisticRegression()}, random_state=0
    ),
    FusionRegressor(image_columns=[], cv=2, estimators={"table": Ridge()}, random_state=0),
    JointFusionClassifier(image_columns=[], n_units=16, learning_rate=0.01, epochs=30),
    JointFusionRegressor(image_columns=[], n_units=16, learning_rate=0.01, epochs=30),
]

_MINI_BATCHES = (
    "training in shuffled mini-batches with a held-out part sees other batches when a row is "
    "repeated than when its weight is doubled, as in scikit-learn's own MLP and SGD estimators"
)
_JOINT = (JointFusionClassifier, JointFusionRegressor)
_SCIKERAS = {
    "check_estimator_tags_renamed": "a base class, SciKeras's, has tags of old scikit-learn too",
    "check_mixin_order": "a base class, SciKeras's, names the mixin last; the tags are set again",
    "check_sample_weight_equivalence_on_dense_data": _MINI_BATCHES,
    "check_sample_weight_equivalence_on_sparse_data": _MINI_BATCHES,
}


def expected_failures(estimator):
    """The checks that cannot pass, each with its reason."""
    reasons = {}
    if isinstance(estimator, (CNNEmbedder, *_JOINT)):
        reasons["check_sample_weight_equivalence_on_dense_data"] = _MINI_BATCHES
    if isinstance(estimator, (DenseClassifier, DenseRegressor)):
        reasons["check_sample_weight_equivalence_on_dense_data"] = _MINI_BATCHES
        reasons["check_sample_weight_equivalence_on_sparse_data"] = _MINI_BATCHES
    if isinstance(estimator, (KerasClassifier, KerasRegressor)):
        reasons.update(_SCIKERAS)
    if isinstance(estimator, KerasClassifier):
        reasons["check_supervised_y_2d"] = (
            "SciKeras returns predictions in the shape of y, a column for a column, and so does "
            "not warn of it"
        )
    if isinstance(estimator, KerasRegressor):
        reasons["check_regressor_multioutput"] = "Keras computes in float32, and so predicts it"
    return reasons


@parametrize_with_checks(ESTIMATORS, expected_failed_checks=expected_failures)
def test_sklearn_checks(estimator, check):
    check(estimator)


def test_each_public_estimator_is_checked():
    import skfusion

    public = {getattr(skfusion, name) for name in skfusion.__all__}
    fitted = {item for item in public if isinstance(item, type) and hasattr(item, "fit")}
    # Samplers have checks of their own, imbalanced-learn's (tests/augmentation).
    fitted = {item for item in fitted if not hasattr(item, "fit_resample")}
    assert fitted <= {type(estimator) for estimator in ESTIMATORS}


@pytest.mark.parametrize("estimator", ESTIMATORS, ids=lambda e: type(e).__name__)
def test_repr_html(estimator):
    assert type(estimator).__name__ in estimator._repr_html_()
