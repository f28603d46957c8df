"""HtmlMixin: show the data of a report as an HTML page."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

from skfusion._utils.typing import PathLike
from skfusion.exceptions import ExtraNotFoundError


class HtmlMixin(ABC):
    """Show the data of a report as an HTML page, and in notebooks.

    Examples
    --------
    >>> from skfusion import ModelReport
    >>> from skfusion.reports._html_mixin import HtmlMixin
    >>> issubclass(ModelReport, HtmlMixin)
    True
    """

    @staticmethod
    @abstractmethod
    def _renderers() -> tuple[Callable[[Any], str], Callable[[Any], str]]:
        """Return the functions that render a whole page, and a part of one."""

    def _repr_html_(self) -> str | None:
        _, render_fragment = self._renderers()
        try:
            return render_fragment(self)
        except ExtraNotFoundError:  # a notebook then shows the text
            return None

    def to_html(self, path: PathLike | None = None) -> str:
        """Render it as one HTML page, with its images and without scripts.

        Parameters
        ----------
        path : str, PathLike or None, default=None
            The file, written as a whole or not at all; an existing one is replaced. None writes
            no file.

        Returns
        -------
        html : str
            The page. It loads nothing, from the network or elsewhere.

        Raises
        ------
        ExtraNotFoundError
            If Jinja2 isn't installed.
        """
        from skfusion.reports.html._page_file import write_page

        render_page, _ = self._renderers()
        page = render_page(self)
        if path is not None:
            write_page(path, page)
        return page
