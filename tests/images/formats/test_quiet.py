import logging
import threading
import warnings

import pytest

from skfusion.images.formats._quiet import SilencedLibraries


def warn(module="PIL.TiffImagePlugin"):
    warnings.warn_explicit("odd", UserWarning, "a.py", 1, module=module)


@pytest.fixture
def quiet():
    return SilencedLibraries()


def test_only_what_reads_is_quiet(quiet):
    with quiet:
        warn()
        warn("pydicom.valuerep")
        with pytest.warns(UserWarning, match="odd"):
            warn("PILLOW")
    with pytest.warns(UserWarning, match="odd"):
        warn()


def test_errors_do_not_leave_it_on(quiet):
    before = list(warnings.filters)
    with pytest.raises(ZeroDivisionError), quiet:
        raise ZeroDivisionError
    assert warnings.filters == before


def test_threads_that_overlap(quiet):
    """The first to enter leaves first; the second is still quiet."""
    before = list(warnings.filters)
    entered, left = threading.Event(), threading.Event()

    def second():
        with quiet:
            entered.set()
            assert left.wait(10)
            warn()

    with quiet:
        thread = threading.Thread(target=second)
        thread.start()
        assert entered.wait(10)
    assert warnings.filters != before
    left.set()
    thread.join(10)
    assert warnings.filters == before


def test_filters_that_others_change_meanwhile(quiet):
    before = list(warnings.filters)
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        quiet.__enter__()
        with warnings.catch_warnings():  # a copy, which has our rule in it
            quiet.__exit__(None, None, None)
            assert len(warnings.filters) == len(before) + 1
    assert warnings.filters == before


def test_what_is_logged_reaches_the_handlers_of_users(quiet, caplog):
    with quiet, caplog.at_level(logging.ERROR, logger="PIL"):
        logging.getLogger("PIL.TiffImagePlugin").error("odd")
    assert caplog.messages == ["odd"]
    assert logging.getLogger("PIL").handlers == []
