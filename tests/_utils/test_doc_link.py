"""The HTML representation links to documentation, and describes each parameter."""

import html
import re
from pathlib import Path
from urllib.parse import urlparse
from urllib.request import url2pathname

import pytest
import sklearn
from sklearn.base import BaseEstimator

import skfusion
from skfusion import PixelFlattener
from tests.processes import run_python

_PUBLIC = [getattr(skfusion, name) for name in skfusion.__all__]
ESTIMATORS = [
    item for item in _PUBLIC if isinstance(item, type) and issubclass(item, BaseEstimator)
]
each = pytest.mark.parametrize("estimator", ESTIMATORS, ids=lambda item: item.__name__)


@each
def test_the_link_leads_to_the_docstring(estimator):
    address = urlparse(estimator()._get_doc_link())
    assert address.scheme == "file"
    text = Path(url2pathname(address.path)).read_text(encoding="utf-8")
    assert f"class {estimator.__name__}(" in text
    assert html.escape(address.geturl()) in estimator()._repr_html_()


@each
def test_each_parameter_is_documented_on_a_line_of_its_own(estimator):
    """scikit-learn 1.9 finds the description of a parameter by this line."""
    for name in estimator().get_params(deep=False):
        assert re.search(rf"^    {name} : .+$", estimator.__doc__, re.MULTILINE), name


def _describes_parameters():
    return tuple(int(part) for part in sklearn.__version__.split(".")[:2]) >= (1, 9)


@each
def test_each_parameter_is_described(estimator):
    shown = estimator()._repr_html_()
    described = shown.count('class="param-doc-description"')
    n_parameters = len(estimator().get_params(deep=False))
    assert described == (n_parameters if _describes_parameters() else 0)


DECLARED = """
import importlib.metadata, sys
from email.message import Message

found = importlib.metadata.metadata
declared = Message()
for label in sys.argv[1:]:
    declared["Project-URL"] = f"{label}, https://{label.lower()}.example/stable/"
importlib.metadata.metadata = lambda name: declared if name == "skfusion" else found(name)
from skfusion import TableEncoder
print(TableEncoder()._get_doc_link())
"""


def test_documentation_that_the_package_declares_comes_first():
    page = "https://documentation.example/stable/generated/skfusion.TableEncoder.html"
    assert run_python(DECLARED, "Source", "Documentation") == page
    assert run_python(DECLARED, "Source").startswith("file:")


def test_a_class_of_the_user_has_no_link():
    class Mine(PixelFlattener):
        pass

    assert Mine()._get_doc_link() == ""
