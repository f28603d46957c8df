"""The embedder of a fusion, with the options that its user has left open."""

from sklearn.base import clone

from skfusion.embedding._cnn_embedder import CNNEmbedder
from skfusion.embedding._pretrained_gap import PretrainedGAP


def make_embedder(embedder, cache):
    """Return a copy of the user's embedder, or the default one, with a cache where it has none."""
    embedder = PretrainedGAP(missing="nan") if embedder is None else clone(embedder)
    if cache is not None:
        _set_open(embedder, "cache", None, cache)
    return embedder


def set_open_options(embedder, *, task, cv, seed):
    """Set what the user of an embedder has left open, in all of its steps.

    Parameters
    ----------
    embedder : transformer
        An embedder, or a Pipeline with one. It is changed.

    task : {"classification", "regression"}
        For ``task="auto"``: whole numbers may be those of a regression.

    cv : int
        For a `CNNEmbedder` that is not cross-fitted: models must not learn from features that
        have seen the targets of their rows.

    seed : int
        For ``random_state=None``.
    """
    _set_open(embedder, "task", "auto", task)
    _set_open(embedder, "random_state", None, seed)
    for part in [embedder, *embedder.get_params().values()]:
        if isinstance(part, CNNEmbedder) and part.cv is None:
            part.set_params(cv=cv)


def _set_open(embedder, option, default, value):
    """Set an option wherever it has its default, whatever the steps are called."""
    for name, held in embedder.get_params().items():
        # Arrays and tables, which a user's transformer may have as options, are not compared.
        is_default = held is None or isinstance(held, str)
        if name.split("__")[-1] == option and is_default and held == default:
            embedder.set_params(**{name: value})
