"""Read files from object stores, by the file systems of fsspec: s3://, gs://, az:// and hf://."""

import errno
import os
import threading

from skfusion._utils.package_of_extra import import_extra
from skfusion._utils.prefetch import REMOTE_THREADS
from skfusion._utils.process_local import ProcessLocal
from skfusion._utils.urls import scheme_of
from skfusion.exceptions import ExtraNotFoundError
from skfusion.images.remote._remote_error import RemoteError, TemporaryFailure
from skfusion.images.remote._remote_state import Download, RemoteState
from skfusion.images.remote._retries import with_retries
from skfusion.images.remote._web_client import too_large

_PACKAGES = {"s3": "s3fs", "gs": "gcsfs", "az": "adlfs", "hf": "huggingface_hub"}
# What each file system calls an ETag.
_TAGS = ("ETag", "etag", "md5Hash", "blob_id")
_PERMANENT = {errno.EINVAL, errno.ENOTSUP, errno.EISDIR, errno.ENOTDIR, errno.ENAMETOOLONG}
_SYSTEMS = ProcessLocal(dict)
_LOCK = ProcessLocal(threading.Lock)


def download(url, access, state=None):
    """Download a file.

    Parameters
    ----------
    url : str
        The address.

    access : RemoteAccess
        What is allowed.

    state : RemoteState or None, default=None
        The state of the file before.

    Returns
    -------
    download : Download
        The content, and the state that belongs to it.
    """
    content = call_store(url, access, "cat_file", start=0, end=access.max_bytes + 1)
    if len(content) > access.max_bytes:
        raise too_large(access)
    # The file may have changed in between.
    known = state is not None and (
        state.is_of(content) or (state.size == len(content) and state == find_state(url, access))
    )
    return Download(content, state if known else None)


def find_state(url, access):
    """Return the RemoteState of a file; None where the store does not give it."""
    if access.filesystem_of(url) is not None:
        return None  # another server may have a file of the same address
    about = call_store(url, access, "info")
    tag = next((about[name] for name in _TAGS if about.get(name)), None)
    return RemoteState.of(about.get("size"), tag)


def find_files(url, access):
    """Return the addresses of all files below a folder."""
    system = _system(scheme_of(url), access)
    paths = call_store(url, access, "find")
    return [system.unstrip_protocol(path) for path in paths]


def call_store(url, access, method, *arguments, **options):
    """Call a method of the file system with the path of a URL, with retries.

    Parameters
    ----------
    url : str
        The address.

    access : RemoteAccess
        What is allowed.

    method : str
        The name of the method.

    *arguments, **options : object
        Arguments of the method after the path.

    Returns
    -------
    result : object
        What the method returned.

    Raises
    ------
    RemoteError
        If it fails; the message shows no address and no credentials.
    """
    access.check(url)
    system = access.filesystem_of(url) or _system(scheme_of(url), access)
    if system.async_impl:
        options["timeout"] = access.timeout
    path = system._strip_protocol(url)

    def try_once():
        try:
            return getattr(system, method)(path, *arguments, **options)
        except Exception as error:  # each file system has its own
            if "start" in options and "not satisfiable" in str(error):
                return b""  # no range of an empty file can be read
            failure = _failure_of(error, access)
        raise failure  # outside, since the text of the first may hold credentials

    return with_retries(try_once, access.retries)


def _system(scheme, access):
    """Return the file system of a scheme in this process.

    It is one of this module's own: its settings, and the objects of users, stay apart. All
    credentials, endpoints and further options are those of fsspec's configuration and of the
    environment.
    """
    fsspec = import_extra("fsspec", "remote", f"{scheme}:// addresses")
    key = scheme, access.timeout
    with _LOCK.get():
        systems = _SYSTEMS.get()
        if key not in systems:
            systems[key] = _make_system(fsspec, scheme, access)
        return systems[key]


def _make_system(fsspec, scheme, access):
    options = {"use_listings_cache": False, "skip_instance_cache": True}
    if scheme == "s3":
        given = fsspec.config.conf.get("s3", {}).get("config_kwargs", {})
        options["config_kwargs"] = {
            "connect_timeout": access.timeout,
            "read_timeout": access.timeout,
            "max_pool_connections": REMOTE_THREADS,
            "retries": {"max_attempts": 0},
            **given,
        }
    package = _PACKAGES[scheme]
    try:
        system = fsspec.filesystem(scheme, **options)
    except ImportError as error:
        extra = "'skfusion[remote]'" if scheme == "s3" else package
        raise ExtraNotFoundError(
            f"{scheme}:// addresses need {package}, which can't be imported: pip install {extra}"
        ) from error
    except Exception as error:
        name = type(error).__name__
    else:
        if scheme == "s3":
            system.retries = 1  # this package tries again, with its own limits
        return system
    raise RemoteError(f"the file system of {scheme}:// can't be used ({name})")


def _failure_of(error, access):
    """Return the RemoteError or TemporaryFailure for an error of a file system."""
    name = type(error).__name__
    if isinstance(error, (FileNotFoundError, IsADirectoryError, NotADirectoryError)):
        return RemoteError("the store has no such file")
    if isinstance(error, PermissionError) or "Credential" in name or "Authentication" in name:
        return RemoteError("access is denied; credentials are those of the environment")
    if isinstance(error, TimeoutError) or "Timeout" in name:
        return TemporaryFailure(f"no answer within {access.timeout:g} seconds")
    number = getattr(error, "errno", None)
    if number in _PERMANENT or isinstance(error, (ValueError, TypeError, NotImplementedError)):
        return RemoteError(f"the store refuses ({_name_of(number, name)})")
    return TemporaryFailure(f"the store fails ({_name_of(number, name)})")


def _name_of(number, name):
    return os.strerror(number) if isinstance(number, int) else name
