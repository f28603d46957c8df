"""EpochReporter: reports epochs to progress bars and to scikit-learn's callbacks."""

from contextlib import contextmanager

from skfusion._utils.progress import progress_bar

# The value of `history_["fold"]` for the final network.
FINAL = -1


class EpochReporter:
    """Report a fit as a tree of tasks: the fit, its training runs, their epochs.

    Parameters
    ----------
    estimator : estimator
        An estimator with a parameter `verbose` and scikit-learn's callback support.

    n_runs : int
        Number of networks that will be trained.

    n_epochs : int
        Maximum number of epochs of each of them, over all its stages.
    """

    def __init__(self, estimator, n_runs, n_epochs):
        self.estimator = estimator
        self.n_runs = n_runs
        self.n_epochs = n_epochs

    @contextmanager
    def fit(self, X, y):
        """Report the beginning and the end of the whole fit."""
        context = self.estimator._init_callback_context(max_subtasks=self.n_runs)
        context.call_on_fit_task_begin(estimator=self.estimator, X=X, y=y)
        self._context = context
        yield
        context.call_on_fit_task_end(estimator=self.estimator, X=X, y=y)

    @contextmanager
    def run(self, name, fold):
        """Report one training run; yield a function to call after each of its epochs."""
        estimator = self.estimator
        title = f"train {name}" if fold < 0 else f"train {name}, fold {fold}"
        context = self._context.subcontext(task_name=title, max_subtasks=self.n_epochs)
        context.call_on_fit_task_begin(estimator=estimator)
        bar = progress_bar(estimator.verbose, total=self.n_epochs, description=title, unit="epoch")
        with bar as shown_bar:

            def on_epoch(epoch, values):
                shown_bar.update(1)
                shown_bar.set_postfix(**{name: f"{value:.3g}" for name, value in values.items()})
                task = context.subcontext(task_name="epoch")
                task.call_on_fit_task_begin(estimator=estimator)
                return task.call_on_fit_task_end(estimator=estimator)

            yield on_epoch
        context.call_on_fit_task_end(estimator=estimator)
