"""Servers in this process that give out files: one as web servers do, and one that stands for S3."""

import gc
import os
import sys
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote

import pytest


class WebServer(ThreadingHTTPServer):
    """A web server of files that are in memory.

    Attributes:
        files: Their bytes, by their names.
        gives_ranges: Whether it gives out a part of a file.
        says_sizes: Whether it says how long a file is.
        status: The status of all answers, if it is not 200.
        sent: Number of bytes that were asked for.
    """

    def __init__(self):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.files = {}
        self.gives_ranges = self.says_sizes = True
        self.status = 200
        self.sent = 0

    @property
    def address(self):
        """The address in front of the name of a file."""
        return f"http://127.0.0.1:{self.server_port}/"

    def handle_error(self, request, client_address):
        """A client that hangs up is none."""


class _Handler(BaseHTTPRequestHandler):
    def log_message(self, format, *arguments):  # noqa: A002
        pass

    def do_HEAD(self):
        self._answer()

    def do_GET(self):
        content = self._answer()
        self.server.sent += len(content)
        self.wfile.write(content)

    def _answer(self):
        server, name = self.server, unquote(self.path[1:].partition("?")[0])
        status = server.status if name in server.files or not name else 404
        links = "".join(f'<a href="{file}">' for file in server.files).encode()
        content = server.files.get(name, links) if status == 200 else b""
        wanted = self.headers["Range"] if server.gives_ranges else None
        self.send_response(206 if wanted and status == 200 else status)
        if not name:
            self.send_header("Content-Type", "text/html")
        if wanted:
            begin, end = map(int, wanted.removeprefix("bytes=").split("-"))
            self.send_header("Content-Range", f"bytes {begin}-{end}/{len(content)}")
            content = content[begin : end + 1]
        if server.says_sizes:
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        return content


@contextmanager
def web_server():
    """A web server, for the time of the block."""
    with WebServer() as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield server
        server.shutdown()


@contextmanager
def bucket(**files):
    """The folder `s3://bucket/`, with these files, for the time of the block."""
    moto = pytest.importorskip("moto.server")
    s3fs = pytest.importorskip("s3fs")
    server = moto.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("AWS_")]:
            patch.delenv(name)
        patch.setenv("AWS_ENDPOINT_URL", f"http://{host}:{port}")
        patch.setenv("AWS_ACCESS_KEY_ID", "key")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
        s3fs.S3FileSystem.clear_instance_cache()  # of another server
        filesystem = s3fs.S3FileSystem()
        filesystem.makedirs("bucket", exist_ok=True)
        for name, content in files.items():
            filesystem.pipe_file(f"bucket/{name}", content)
        yield filesystem
        filesystem.rm("bucket", recursive=True)  # which moto keeps for the next server
    server.stop()


@contextmanager
def no_thread_left():
    """End the thread in which fsspec waits for servers: with it, lrfit would fork no workers any more."""
    yield
    asyn = sys.modules.get("fsspec.asyn")
    if asyn is None or asyn.loop[0] is None:
        return
    loop, thread = asyn.loop[0], asyn.iothread[0]
    for kind in sys.modules["fsspec.registry"].registry.values():
        kind.clear_instance_cache()
    gc.collect()  # which closes connections
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.run_until_complete(loop.shutdown_default_executor())
    loop.close()
    asyn.loop[0] = asyn.iothread[0] = None
