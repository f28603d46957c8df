"""scikit-learn's fit callbacks where they exist (1.9 and newer), silence elsewhere."""

try:
    from sklearn.callback import CallbackSupportMixin, with_callbacks
except ImportError:

    class _SilentContext:
        """Stands in for scikit-learn's CallbackContext and does nothing."""

        def subcontext(self, **options):
            return self

        def call_on_fit_task_begin(self, **arguments):
            return self

        def call_on_fit_task_end(self, **arguments):
            return False

    class CallbackSupportMixin:  # type: ignore[no-redef]  # of older versions
        """Gives `fit` a context to report to, which reports to nobody."""

        def _init_callback_context(self, **options):
            return _SilentContext()

    def with_callbacks(method):
        """Return the method as it is."""
        return method


__all__ = ["CallbackSupportMixin", "with_callbacks"]
