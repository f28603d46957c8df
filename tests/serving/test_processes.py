"""A model that is loaded once and served by many threads and processes."""

import json
import multiprocessing
import pickle
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import joblib
import keras
import numpy as np
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skfusion import CNNEmbedder, PretrainedGAP
from skfusion.datasets import make_image_table
from tests.networks_for_tests import tiny_maps
from tests.processes import run_python

NUMBERS = ["number_0", "number_1", "number_2"]
N_REQUESTS = 600
on_tensorflow = pytest.mark.skipif(
    keras.backend.backend() != "tensorflow", reason="others trace and fork in other ways"
)
needs_smaps = pytest.mark.skipif(
    not Path("/proc/self/smaps").exists(), reason="no /proc/self/smaps here"
)


@pytest.fixture(scope="module")
def table():
    data = make_image_table(24, image_size=(16, 16), random_state=0)
    return data.frame, data.target


@pytest.fixture(scope="module")
def fitted(table):
    """A pipeline of two networks and a table, as bytes."""
    gap = PretrainedGAP(tiny_maps, weights=None, image_size=(16, 16))
    cnn = CNNEmbedder(cut_layer="dense", cv=None, epochs=1, random_state=0, batch_size=8)
    cnn.set_params(options__backbone_options={"filters": (4, 4), "dense_units": 8})
    columns = ColumnTransformer(
        [
            ("gap", gap, ["image"]),
            ("cnn", cnn, ["image"]),
            ("numbers", StandardScaler(), NUMBERS),
        ]
    )
    return pickle.dumps(make_pipeline(columns, GaussianNB()).fit(*table))


def networks_of(model):
    embedders = model[0].named_transformers_
    return [*embedders["gap"].networks_, *embedders["cnn"].networks_]


# Threads.


def test_sixteen_threads_answer_as_one(fitted, table):
    X = table[0]
    requests = [X[i % 24 : i % 24 + 1 + i % 3] for i in range(N_REQUESTS)]
    serial = pickle.loads(fitted)
    # Rows of one request are computed together: equal requests give equal bytes.
    expected = [serial.predict_proba(rows) for rows in requests[:24]]
    model = pickle.loads(fitted)
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(model.predict_proba, requests))
    for i, answer in enumerate(answers):
        np.testing.assert_array_equal(answer, expected[i % 24])


def live_function(network):
    return network.runtime.live_model(network).predict_function


@on_tensorflow
def test_nothing_is_traced_after_the_first_requests(fitted, table):
    X = table[0]
    model = pickle.loads(fitted)
    model.predict_proba(X[:1])
    model.predict_proba(X[:2])
    traces = [live_function(network) for network in networks_of(model)]
    before = [trace.experimental_get_tracing_count() for trace in traces]
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(lambda i: model.predict_proba(X[i % 24 : i % 24 + 1]), range(N_REQUESTS)))
    assert [trace.experimental_get_tracing_count() for trace in traces] == before


@on_tensorflow
def test_batches_of_any_size_are_few_traces(fitted, table):
    X = table[0].sample(70, replace=True, random_state=0)
    X["image"] = [image + np.uint8(i) for i, image in enumerate(X["image"])]  # all distinct
    model = pickle.loads(fitted)
    for n_rows in range(1, 71):
        assert model.predict_proba(X[:n_rows]).shape == (n_rows, 2)
    for network in networks_of(model):
        assert live_function(network).experimental_get_tracing_count() <= 6


def test_a_cold_start_of_eight_threads_builds_each_network_once(fitted, table, built_networks):
    model, ready = pickle.loads(fitted), threading.Barrier(8)

    def first_request(_):
        ready.wait(timeout=60)
        return model.predict_proba(table[0])

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(first_request, range(8)))
    assert len(built_networks) == len(networks_of(model)) == 2
    for other in answers[1:]:
        np.testing.assert_array_equal(other, answers[0])


# Processes.


WORKERS = """
import json, multiprocessing, sys
import joblib, numpy as np

def work(number):
    signal.alarm(150)
    skfusion.warm_up(model)
    return [float(x) for x in model.predict_proba(rows).ravel()], "tensorflow" in sys.modules

def load():
    global model, rows, signal, skfusion
    import signal, skfusion
    model, rows = joblib.load(sys.argv[2]), joblib.load(sys.argv[3])

if __name__ == "__main__":
    start = sys.argv[1]
    if start == "fork":
        load()
        assert "tensorflow" not in sys.modules
    context = multiprocessing.get_context(start)
    with context.Pool(int(sys.argv[4]), initializer=None if start == "fork" else load) as pool:
        answers = pool.map_async(work, range(4), chunksize=1).get(timeout=150)
    print(json.dumps([answer for answer, _ in answers]))
"""


@pytest.mark.parametrize(("start", "n_workers"), [("fork", 4), ("spawn", 2)])
def test_workers_predict_the_same(fitted, table, tmp_path, start, n_workers):
    if start not in multiprocessing.get_all_start_methods():
        pytest.skip(f"no {start} here")
    files = [tmp_path / name for name in ("workers.py", "model.joblib", "rows.joblib")]
    files[0].write_text(WORKERS)
    model = pickle.loads(fitted)
    joblib.dump(model, files[1])
    joblib.dump(table[0], files[2])
    answers = json.loads(run_python(files[0], start, *files[1:], n_workers))
    assert len(answers) == 4
    for answer in answers:
        np.testing.assert_array_equal(answer, model.predict_proba(table[0]).ravel())


SHARED = """
import json, os, pickle, signal, sys
import numpy as np
from skfusion import warm_up
from tests.shared_pages import private_share

network = pickle.load(open(sys.argv[1], "rb"))
weights = max(network.weights, key=lambda array: array.nbytes)

end_read, end_write = os.pipe()
children = []
for _ in range(4):
    children.append(os.fork())
    if not children[-1]:
        signal.alarm(120)
        try:
            warm_up(network)
            os.write(end_write, f"{private_share(weights):.3f}\\n".encode())
            os.close(end_write)
            os._exit(0)
        finally:
            os._exit(1)
codes = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
os.close(end_write)
shares = [float(line) for line in os.fdopen(end_read)]
print(json.dumps([codes, shares, weights.nbytes]))
"""


@needs_smaps
@on_tensorflow
def test_forked_workers_share_the_weights(tmp_path):
    """The arrays of the pickle stay one copy, also when each worker has built its network."""
    gap = PretrainedGAP("small_cnn", weights=None, image_size=(64, 64), color_mode="grayscale")
    network = gap.fit(np.zeros((1, 64, 64), dtype=np.uint8)).networks_[0]
    (tmp_path / "network.pickle").write_bytes(pickle.dumps(network))
    codes, shares, n_bytes = json.loads(run_python(SHARED, tmp_path / "network.pickle"))
    assert codes == [0] * 4
    assert n_bytes > 10e6
    assert max(shares) < 0.2  # pages at the ends may hold other things, too


LATE_FORK = """
import os, pickle, signal, sys
import numpy as np
from skfusion import warm_up

network = pickle.load(open(sys.argv[1], "rb"))
warm_up(network)
child = os.fork()
if not child:
    signal.alarm(100)
    try:
        warm_up(network)
    except RuntimeError as error:
        print(error, flush=True)
        os._exit(0)
    os._exit(1)
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
warm_up(network)
"""


@on_tensorflow
@needs_smaps
def test_a_fork_after_the_first_prediction_is_an_error_and_no_hang(fitted, tmp_path):
    network = networks_of(pickle.loads(fitted))[0]
    (tmp_path / "network.pickle").write_bytes(pickle.dumps(network))
    message = run_python(LATE_FORK, tmp_path / "network.pickle")
    assert "forked from one that had built or used networks" in message
    assert "skfusion.warm_up only after it" in message
