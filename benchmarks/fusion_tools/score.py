"""The score of predictions of rows that were held out."""

import numpy as np
from sklearn.metrics import accuracy_score, r2_score, roc_auc_score

# Two classes or a few are ranked; where there are many, each has too few rows for that.
_MANY_CLASSES = 20


def score(saved, prediction):
    y = saved.y_test
    if prediction.ndim == 1:
        return r2_score(y, prediction)
    if saved.n_classes == 2:
        return roc_auc_score(y, prediction[:, 1])
    if saved.n_classes > _MANY_CLASSES:
        return accuracy_score(y, prediction.argmax(axis=1))
    prediction = prediction / prediction.sum(axis=1, keepdims=True)
    return roc_auc_score(y, prediction, multi_class="ovr", labels=np.arange(saved.n_classes))
