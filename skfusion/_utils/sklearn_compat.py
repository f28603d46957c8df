"""Features of newer versions of scikit-learn, with substitutes for older ones.

The callbacks of `fit` exist since scikit-learn 1.9. With older versions, they do nothing.
"""

try:
    from sklearn.callback import CallbackSupportMixin, with_callbacks
except ImportError:

    class _NullContext:
        """Replacement of scikit-learn's CallbackContext that does nothing."""

        def subcontext(self, **options):
            return self

        def call_on_fit_task_begin(self, **arguments):
            return self

        def call_on_fit_task_end(self, **arguments):
            return False

    class CallbackSupportMixin:  # type: ignore[no-redef]  # the substitute of the import above
        """Replacement of scikit-learn's mixin that calls no callbacks."""

        def _init_callback_context(self, **options):
            return _NullContext()

    def with_callbacks(method):
        """Return the method unchanged."""
        return method


__all__ = ["CallbackSupportMixin", "with_callbacks"]
