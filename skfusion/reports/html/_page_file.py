"""Write a page to a file, whole or not at all."""

import os

from skfusion._utils.atomic_write import write_atomically
from skfusion.reports.html._page import make_environment


def check_page_path(path):
    """Raise an error, before anything is computed, if a page can't be written there."""
    make_environment()
    folder = os.path.dirname(os.path.abspath(path))
    if not os.path.isdir(folder):
        raise FileNotFoundError(f"The report can't be written: there is no folder {folder}.")


def write_page(path, text):
    """Write a page; an existing file is replaced."""

    def write(unfinished):
        with open(unfinished, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)

    write_atomically(path, write)
