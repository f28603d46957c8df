"""OptionsMixin: the `options` parameter of estimators that train a network."""

from typing import Any, Self

from skfusion.training._training_options import TrainingOptions


class OptionsMixin:
    """Resolve the `options` parameter. None means the default options.

    Examples
    --------
    >>> from skfusion import DenseClassifier
    >>> DenseClassifier().set_params(options__warmup_epochs=3).options
    TrainingOptions(warmup_epochs=3)
    """

    # The class of the options. A subclass may replace it.
    _options_class = TrainingOptions
    options: Any

    def set_params(self, **params: Any) -> Self:
        """Set the parameters of this estimator.

        Parameters
        ----------
        **params : dict
            Parameters by name. ``options__<name>`` sets one of the options; if `options` is None,
            the others keep their defaults.

        Returns
        -------
        self : object
            The estimator.
        """
        is_nested = any(name.startswith("options__") for name in params)
        if is_nested and params.get("options", self.options) is None:
            params = {**params, "options": self._options_class()}
        return super().set_params(**params)  # type: ignore[misc]  # BaseEstimator comes after it

    def _get_options(self):
        """Return the options after a check of each of them.

        Raises
        ------
        ValueError
            If one of the options has a wrong value, or does not apply to this estimator. The
            message names it.
        """
        if self.options is None:
            return self._options_class()
        unknown = sorted({*self.options.get_params()} - {*self._options_class().get_params()})
        if unknown:
            raise ValueError(
                f"{type(self).__name__} does not support the options {', '.join(unknown)} of "
                f"{type(self.options).__name__}. Pass a {self._options_class.__name__}."
            )
        self.options._validate_params()
        return self.options
