"""NumPy computes what Keras trained."""

import pickle

import numpy as np
import pytest

from skfusion.heads._dense_network import ACTIVATIONS, DenseNetwork, build_dense

ROWS = np.random.default_rng(0).normal(size=(50, 7))


def with_random_weights(network, seed=0):
    """Weights as training may leave them; variances of batch normalization are above zero."""
    rng = np.random.default_rng(seed)
    weights = [rng.uniform(0.1, 1, w.shape) for w in network.weights]
    signs = [rng.choice([-1, 1], w.shape) if w.ndim == 2 else 1 for w in network.weights]
    pairs = zip(weights, signs, strict=True)
    return network.replace(weights=[(w * s).astype(np.float32) for w, s in pairs])


@pytest.mark.parametrize("batch_norm", [False, True])
@pytest.mark.parametrize("hidden", [(), (9,), (9, 4, 6)])
@pytest.mark.parametrize("output", ["softmax", "sigmoid", "linear"])
def test_equals_keras(hidden, batch_norm, output):
    network = build_dense(7, 3, output, hidden=hidden, batch_norm=batch_norm, dropout=0.3)
    network = with_random_weights(network)
    expected = network.to_model().predict_on_batch(ROWS.astype(np.float32))
    np.testing.assert_allclose(network.compute(ROWS), np.asarray(expected), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("activation", sorted(ACTIVATIONS))
def test_activations_equal_keras(activation):
    network = with_random_weights(build_dense(7, 2, "linear", hidden=(8,), activation=activation))
    expected = network.to_model().predict_on_batch(ROWS.astype(np.float32))
    np.testing.assert_allclose(network.compute(ROWS), np.asarray(expected), rtol=1e-4, atol=1e-4)


def test_rows_are_computed_block_by_block():
    network = with_random_weights(build_dense(7, 2, "softmax", hidden=(8,)))
    np.testing.assert_allclose(network.compute(ROWS, 7), network.compute(ROWS), rtol=1e-12)


def test_extreme_numbers_do_not_overflow():
    network = with_random_weights(build_dense(7, 2, "softmax", hidden=(8,), activation="selu"))
    with np.errstate(all="raise", under="ignore"):
        assert np.isfinite(network.compute(1e6 * ROWS)).all()


def test_weights_follow_the_seed():
    first, again, other = (build_dense(7, 2, "softmax", hidden=(8,), seed=s) for s in (0, 0, 1))
    np.testing.assert_array_equal(first.weights[0], again.weights[0])
    assert not np.array_equal(first.weights[0], other.weights[0])


def test_the_output_layer_starts_at_zero():
    np.testing.assert_array_equal(build_dense(7, 4, "softmax", hidden=(5,)).compute(ROWS), 0.25)


def test_pickle_after_use():
    network = with_random_weights(build_dense(7, 2, "softmax", hidden=(8,)))
    outputs = network.compute(ROWS)
    size = len(pickle.dumps(network))
    again = pickle.loads(pickle.dumps(network))
    assert isinstance(again, DenseNetwork)
    np.testing.assert_array_equal(again.compute(ROWS), outputs)
    assert len(pickle.dumps(again)) == size  # what was prepared for computing is not kept


def test_new_weights_are_used_at_once():
    network = with_random_weights(build_dense(7, 2, "softmax"))
    other = with_random_weights(network, seed=1)
    network.compute(ROWS)
    network.set_weights(other.weights)
    np.testing.assert_array_equal(network.compute(ROWS), other.compute(ROWS))
