"""The measurement that decides about cross-fitting."""

from types import SimpleNamespace

import numpy as np
import pytest

from skfusion.embedding._fit_config import TrainingRows
from skfusion.embedding.cross_fitting._form_choice import choose_form
from skfusion.embedding.cross_fitting._procrustes_map import ProcrustesMap

N, K = 120, 4


def folds():
    rows = np.random.default_rng(0).permutation(N)
    parts = np.array_split(rows, K)
    return [(np.setdiff1d(rows, part), part) for part in parts]


def measured(values, by_fold):
    fit = SimpleNamespace(
        rows=TrainingRows(values),
        channels=None,
        config=SimpleNamespace(training=SimpleNamespace(seed=0)),
    )
    axes = [
        ProcrustesMap(c[train], by_fold[0][train])
        for c, (train, _) in zip(by_fold, folds(), strict=True)
    ]
    return choose_form(fit, by_fold, folds(), axes, None)


def columns(signal, memory, seed=1):
    """Each fold's columns: a signal with noise, and in the rows trained on, memory."""
    rng = np.random.default_rng(seed)
    noise = rng.normal(size=(N, 6))
    made = []
    for train, _ in folds():
        rows = signal + noise
        rows[train] += memory[train]
        made.append(rows)
    return made


def classes():
    y = np.random.default_rng(2).permutation(np.arange(N) % 2)
    return y, np.where(y == 1, 1.0, -1.0)[:, np.newaxis]


@pytest.mark.parametrize("kind", ["classes", "numbers"])
def test_columns_that_remember_are_found_out(kind):
    y, sign = classes()
    values = y if kind == "classes" else y[:, np.newaxis].astype(np.float32)
    honest = 0.3 * sign * np.array([0, 1, 1, 1, 0, 0])
    by_fold = columns(honest, 10.0 * sign * np.array([1, 0, 0, 0, 0, 0]))
    form, losses = measured(values, by_fold)
    assert form == "average"
    assert losses["loss_cross_fitted"] < losses["loss_in_sample"]


def test_columns_that_do_not_are_left_alone():
    """Folds' networks that have nothing in common would only do harm."""
    _, sign = classes()
    y = classes()[0]
    rng = np.random.default_rng(3)
    honest = 1.5 * sign * np.array([1, 1, 0, 0, 0, 0])
    by_fold = [honest + rng.normal(size=(N, 6)) for _ in folds()]
    by_fold = [rows @ np.linalg.qr(rng.normal(size=(6, 6)))[0] for rows in by_fold]
    by_fold[1:] = [rng.normal(size=(N, 6)) for _ in by_fold[1:]]
    # All networks but one answer with noise.
    losses = measured(y, by_fold)[1]
    alone = measured(y, [by_fold[0]] * K)[1]
    assert losses["loss_cross_fitted"] / losses["loss_in_sample"] > (
        alone["loss_cross_fitted"] / alone["loss_in_sample"]
    )


def test_a_fold_without_rows_is_passed_over():
    y, sign = classes()
    by_fold = columns(sign * np.ones(6), np.zeros((N, 6)))
    everything = np.arange(N)
    fit = SimpleNamespace(
        rows=TrainingRows(y),
        channels=None,
        config=SimpleNamespace(training=SimpleNamespace(seed=0)),
    )
    axes = [ProcrustesMap(by_fold[0], by_fold[0])]
    form, losses = choose_form(fit, by_fold[:1], [(everything, everything[:0])], axes, None)
    assert form == "in-sample"
    assert np.isnan(losses["loss_in_sample"])


def test_a_fold_with_one_class_is_passed_over():
    """A rare class may stand in one fold alone."""
    y = np.zeros(N, dtype=int)
    _, sign = classes()
    y[folds()[0][1][0]] = 1
    form, losses = measured(y, columns(sign * np.ones(6), np.zeros((N, 6))))
    assert form in ("average", "in-sample")
    assert np.isfinite(losses["loss_in_sample"])
