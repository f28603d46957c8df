"""DocLinkMixin: the link to the documentation in an estimator's HTML representation."""

import sys
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path


class DocLinkMixin:
    """Link the HTML representation of an estimator to its documentation.

    scikit-learn shows the link as a question mark and, from version 1.9 on, describes each
    parameter beside its value, where there is a link.

    The link leads to the documentation that the package declares (``Documentation`` under
    ``[project.urls]``). Where it declares none, the link leads to the estimator's own file, as
    installed, whose docstring holds the same text; this needs no network.

    Examples
    --------
    >>> from skfusion import TableEncoder
    >>> TableEncoder()._get_doc_link().rpartition("/")[2]
    '_table_encoder.py'
    """

    _doc_link_module = "skfusion"
    _doc_link_template = "{page}"

    def _doc_link_url_param_generator(self):
        declared = declared_documentation()
        if declared is not None:
            return {"page": f"{declared}/generated/skfusion.{type(self).__name__}.html"}
        return {"page": Path(sys.modules[type(self).__module__].__file__).as_uri()}


@lru_cache
def declared_documentation():
    """Return the address of the documentation in the package's metadata, None without one."""
    try:
        urls = metadata("skfusion").get_all("Project-URL") or []
    except PackageNotFoundError:
        return None
    pairs = [url.partition(",")[::2] for url in urls]
    found = [url.strip().rstrip("/") for label, url in pairs if label.strip() == "Documentation"]
    return found[0] if found else None
