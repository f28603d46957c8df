"""Keras callbacks: a check of what a user passes."""

from skfusion.networks.runtimes._keras import import_keras


def check_callbacks(callbacks):
    """Return Keras callbacks as a tuple.

    Parameters
    ----------
    callbacks : sequence of keras.callbacks.Callback or None
        The callbacks; None means none.

    Returns
    -------
    callbacks : tuple of keras.callbacks.Callback
        The same.

    Raises
    ------
    TypeError
        If one of them is no Keras callback.

    Examples
    --------
    >>> from skfusion.training._callbacks import check_callbacks
    >>> check_callbacks(None)
    ()
    """
    callbacks = () if callbacks is None else tuple(callbacks)
    for callback in callbacks:
        if not isinstance(callback, import_keras().callbacks.Callback):
            raise TypeError(
                f"callbacks holds a {type(callback).__name__}, not a keras.callbacks.Callback."
            )
    return callbacks
