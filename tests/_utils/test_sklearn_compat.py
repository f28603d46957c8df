"""Callbacks of scikit-learn receive epochs."""

import pytest
from sklearn.pipeline import make_pipeline

from skfusion import CNNEmbedder, PixelFlattener
from skfusion.datasets import make_image_table

pytest.importorskip("sklearn.callback", reason="scikit-learn 1.9 brought callbacks")


class Recorder:
    """Records the begin and end of every task."""

    max_propagation_depth = None

    def __init__(self):
        self.lines = []

    def setup(self, estimator, context):
        self.lines.append(("setup", context.task_name))

    def on_fit_task_begin(self, estimator, context, **arguments):
        self.lines.append(("begin", context.task_name))

    def on_fit_task_end(self, estimator, context, **arguments):
        self.lines.append(("end", context.task_name))

    def teardown(self, estimator, context):
        self.lines.append(("teardown", context.task_name))


@pytest.fixture
def data():
    made = make_image_table(12, image_size=(12, 12), random_state=0)
    return made.frame[["image"]], made.target


def test_epochs_are_subtasks(data):
    recorder = Recorder()
    embedder = CNNEmbedder(cv=2, epochs=2, early_stopping=False, random_state=0)
    embedder.set_callbacks(recorder)
    embedder.fit_transform(*data)
    begun = [name for what, name in recorder.lines if what == "begin"]
    run = ["train image", "epoch", "epoch"]
    folds = [f"train image, fold {i}" for i in range(2)]
    assert begun == ["fit", *run, folds[0], *run[1:], folds[1], *run[1:]]
    assert sorted(begun) == sorted(name for what, name in recorder.lines if what == "end")
    assert recorder.lines[-1] == ("teardown", "fit")


def test_a_callback_can_stop_training(data):
    class Stopper(Recorder):
        def on_fit_task_end(self, estimator, context, **arguments):
            return context.task_name == "epoch"

    embedder = CNNEmbedder(cv=None, epochs=5, early_stopping=False, random_state=0)
    embedder.set_callbacks(Stopper()).fit(*data)
    assert len(embedder.history_) == 1


def test_callbacks_of_a_pipeline(data):
    recorder = Recorder()
    model = make_pipeline(PixelFlattener())
    model.set_callbacks(recorder).fit(*data)
    assert recorder.lines[0] == ("setup", "fit")
    assert recorder.lines[-1] == ("teardown", "fit")
