"""A real S3 server on 127.0.0.1 for tests; they skip where moto is not installed."""

import logging
import urllib.request
from contextlib import contextmanager

import pytest

KEY, SECRET = "AKIDSKFUSION", "secret-of-the-tests"


def need_object_store():
    """Skip the module of tests that calls it where moto is not installed."""
    pytest.importorskip("moto.server", reason="moto[s3] is not installed")


@contextmanager
def serve_objects():
    """Start a server without a bucket; yield its address, and stop it in the end."""
    from moto.server import ThreadedMotoServer

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    address = f"http://{host}:{port}"
    # All servers of a process have the same buckets.
    urllib.request.urlopen(f"{address}/moto-api/reset", data=b"").close()
    try:
        yield address
    finally:
        server.stop()


def name_server(monkeypatch, address):
    """Let the environment name the server, with credentials."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", address)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", KEY)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
