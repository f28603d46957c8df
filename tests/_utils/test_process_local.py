"""One value a process: threads, forks, and systems that cannot fork."""

import gc
import os
import threading
import time
import weakref
from concurrent.futures import ThreadPoolExecutor

import pytest

from skfusion._utils.process_local import ProcessLocal
from tests.processes import run_python

needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")


def test_the_value_is_built_once_and_on_first_use():
    built = []
    local = ProcessLocal(lambda: built.append(1) or object())
    assert built == []
    assert local.get() is local.get()
    assert built == [1]


def test_a_value_that_is_false_is_built_once():
    built = []
    local = ProcessLocal(lambda: built.append(1))
    assert local.get() is local.get() is None
    assert built == [1]


def test_arguments_reach_the_first_build_only():
    local = ProcessLocal(lambda number: number + 1)
    assert local.get_if_built() is None
    assert [local.get(1), local.get(5)] == [2, 2]
    assert local.get_if_built() == 2


def test_a_failed_build_is_repeated():
    results = iter([ZeroDivisionError, "value"])

    def build():
        result = next(results)
        if result is ZeroDivisionError:
            raise result
        return result

    local = ProcessLocal(build)
    with pytest.raises(ZeroDivisionError):
        local.get()
    assert local.get_if_built() is None
    assert local.get() == "value"


def test_threads_get_the_same_value():
    start = threading.Barrier(8)

    def build():
        time.sleep(0.05)
        return object()

    local = ProcessLocal(build)

    def get(_):
        start.wait()
        return local.get()

    with ThreadPoolExecutor(8) as pool:
        assert len(set(map(id, pool.map(get, range(8))))) == 1


def test_it_is_freed_with_its_owner():
    class Value:
        pass

    local = ProcessLocal(Value)
    value = weakref.ref(local.get())
    del local
    gc.collect()
    assert value() is None


# A thread holds something while the main thread forks; the child uses the same thing and ends with
# status 0. A child that hangs is stopped by the alarm.
FORK = """
import os, signal, threading, time, warnings
warnings.filterwarnings("ignore", message=".*multi-threaded", category=DeprecationWarning)

def fork_while_held(hold, use):
    held, release = threading.Event(), threading.Event()

    def work():
        with hold:
            held.set()
            release.wait()

    thread = threading.Thread(target=work)
    thread.start()
    assert held.wait(60)
    child = os.fork()
    if child == 0:
        signal.alarm(20)
        try:
            use()
        except BaseException:
            import traceback
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    release.set()
    thread.join()
    print("hangs" if status == -signal.SIGALRM else status)
"""

# Code that defines `hold`, a context manager, and `use`, a function.
MECHANISMS = {
    "a value that is being built": """
import contextlib
from skfusion._utils.process_local import ProcessLocal

class Held:
    def __enter__(self):
        self.builder = threading.Thread(target=lambda: local.get(release), daemon=True)
        self.builder.start()
        assert building.wait(60)
    def __exit__(self, *error):
        release.set()
        self.builder.join()

building, release, pids = threading.Event(), threading.Event(), []
def build(release):
    building.set()
    if release:
        release.wait()
    return os.getpid()
local, hold = ProcessLocal(build), Held()
def use():
    assert local.get_if_built() is None
    assert local.get(None) == os.getpid()
""",
    "a lock": """
from skfusion._utils.process_local import ProcessLocal
local = ProcessLocal(threading.Lock)
hold = local.get()
def use():
    with local.get():
        pass
""",
    "building networks": """
from skfusion.networks.runtimes import _keras
hold = _keras._BUILDING.get()
def use():
    with _keras.building(0):
        pass
""",
    "limits of resources": """
import skfusion
from skfusion.networks.runtimes import _resources
hold = _resources._APPLYING.get()
def use():
    skfusion.limit_resources(n_threads=1)
""",
    "networks built before": """
from types import SimpleNamespace
from skfusion.networks.backbones._building import RECENT
RECENT.get().get_or_build("key", lambda: SimpleNamespace(n_bytes=1, parent=True))
hold = RECENT.get()._lock
def use():
    found = RECENT.get().get_or_build("key", lambda: SimpleNamespace(n_bytes=1, parent=False))
    assert not found.parent
""",
    "idle trainers": """
from skfusion.training._trainer_pool import _POOL
_POOL.get().put("key", "trainer of the parent")
hold = _POOL.get()._lock
def use():
    assert _POOL.get().take("key") is None
""",
    "silenced libraries": """
import numpy as np
from skfusion import ImageReader
from skfusion.images.formats._quiet import silenced_libraries
hold = silenced_libraries._lock
def use():
    ImageReader().read(np.zeros((4, 4), dtype=np.uint8))
    with silenced_libraries:
        pass
    assert silenced_libraries._inside == 0
""",
    "one PIL image": """
from PIL import Image
from skfusion import ImageReader
from skfusion.images.formats._pillow_opening import guard_of
image = Image.new("L", (4, 4))
hold = guard_of(image)
def use():
    assert ImageReader().read(image).shape == (4, 4, 1)
""",
    "counters of a store": """
import tempfile
from skfusion import FeatureStore
store = FeatureStore(tempfile.mkdtemp())
store.train_once("key", lambda: ("key", b"network"))
hold = store._backend.counters._lock
def use():
    assert store.train_once("key", None) == (b"network", False)
    assert store.stats()["session"]["trainings"] == 0
""",
    "locks of a store": """
import tempfile
from skfusion import FeatureStore
store = FeatureStore(tempfile.mkdtemp())
hold = store._backend.run_lock("key")
def use():
    train = lambda: ("other key", b"network")
    assert store.train_once("other key", train) == (b"network", True)
""",
    "requests in a batch": """
import pandas as pd
from skfusion import MicroBatcher
batcher = MicroBatcher(lambda X: X["x"] * 2)
row = pd.DataFrame({"x": [2]})
assert batcher(row)[0] == 4
hold = batcher._queue.get().changed
def use():
    assert batcher(row)[0] == 4
""",
    "counts of drift": """
import numpy as np
from skfusion.extraction._drift_guard import DriftGuard
guard = DriftGuard("image")
hold = guard._lock.get()
def use():
    assert guard.counts()["images"] == 0
""",
    "a network that is built later": """
from skfusion.networks._lazy_network import LazyNetwork
network = LazyNetwork(lambda: "built", fingerprint="f", input_shape=(4, 4, 1))
hold = network._lock.get()
def use():
    assert network.resolve() == "built"
""",
}


@needs_fork
@pytest.mark.parametrize("mechanism", MECHANISMS)
def test_a_fork_while_another_thread_holds_it(mechanism):
    script = FORK + MECHANISMS[mechanism] + "\nfork_while_held(hold, use)\n"
    assert run_python(script) == "0"


# As on Windows. The attributes are removed before anything that looks for them is imported, except
# for what Python itself imports when it starts.
WITHOUT_FORK = """
import os
del os.fork, os.register_at_fork

import importlib, pkgutil
import numpy as np
import skfusion

for module in pkgutil.walk_packages(skfusion.__path__, "skfusion."):
    if module.name != "skfusion.__main__":
        importlib.import_module(module.name)

from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
import tempfile

with tempfile.TemporaryDirectory() as cache:
    images = np.random.default_rng(0).integers(0, 256, (12, 12, 12, 1), dtype=np.uint8)
    y = np.arange(12) % 2
    embedder = skfusion.CNNEmbedder(cut_layer="dense", epochs=1, random_state=0, cache=cache)
    model = make_pipeline(embedder, LogisticRegression()).fit(images, y)
    with skfusion.MicroBatcher(lambda X: model.predict(np.stack(X["image"].tolist()))) as batcher:
        import pandas as pd
        print(len(batcher(pd.DataFrame({"image": list(images)}))), hasattr(os, "register_at_fork"))
"""


def test_systems_without_fork():
    assert run_python(WITHOUT_FORK) == "12 False"
