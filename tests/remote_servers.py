"""Servers of files on 127.0.0.1 for tests: plain HTTP, and S3 where moto is installed."""

import hashlib
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class FileServer:
    """Serve files from memory, and fail where a test asks for it.

    Attributes
    ----------
    files : dict of str to bytes
        The content of each path.

    failures : dict of str to list of int
        The next statuses of a path, before its content is served.

    redirects : dict of str to str
        From a path to an address.

    requests : list of tuple (str, str)
        Method and path of each request.
    """

    def __init__(self):
        self.files, self.failures, self.redirects, self.requests = {}, {}, {}, []
        self.latency, self.with_tags, self.headers = 0.0, True, []

    def put(self, path, content):
        """Add a file and return its address."""
        self.files[path] = content
        return f"{self.address}{path}"

    def downloads(self, path=None):
        """Return how often a file, or any file, was downloaded."""
        return sum(m == "GET" and path in (None, p.split("?")[0]) for m, p in self.requests)

    @contextmanager
    def running(self):
        """Serve until the end of the context."""
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_GET(self):
                outer.answer(self, send_body=True)

            def do_HEAD(self):
                outer.answer(self, send_body=False)

            def log_message(self, *args):
                pass

        class Server(ThreadingHTTPServer):
            request_queue_size = 128
            daemon_threads = True

        server = Server(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield self
        finally:
            server.shutdown()
            thread.join(10)
            server.server_close()

    def answer(self, handler, send_body):
        """Answer one request."""
        path = handler.path.split("?")[0]
        self.requests.append((handler.command, handler.path))
        self.headers.append(dict(handler.headers))
        time.sleep(self.latency)
        status, content = 200, self.files.get(path, b"")
        if path in self.redirects:
            status, content = 302, b""
        elif send_body and self.failures.get(path):
            status, content = self.failures[path].pop(0), b"busy"
        elif path not in self.files:
            status = 404
        handler.send_response(status)
        if path in self.redirects:
            handler.send_header("Location", self.redirects[path])
        if status == 200 and self.with_tags:
            handler.send_header("ETag", f'"{hashlib.sha1(content).hexdigest()}"')
        handler.send_header("Content-Length", str(len(content)))
        handler.end_headers()
        if send_body:
            handler.wfile.write(content)
