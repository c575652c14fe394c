"""A small HTTP service on Python's standard library alone.

    /healthz   plain text, says that the service answers
    /json      a document about the interpreter, with a hash
    /query     the result of an SQL query on an SQLite database in memory
    /modules   which modules of the standard library are there, and which are not

It serves until SIGTERM or SIGINT, and then ends with status 0: as the first process of a container
it would otherwise not be stopped by either.
"""

import argparse
import contextlib
import datetime
import hashlib
import importlib.util
import json
import logging
import signal
import sqlite3
import ssl
import sys
import threading
import urllib.parse
import zoneinfo
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

LOG = logging.getLogger("app")

BOOKS = [
    ("On the Motion of the Heart", 1628),
    ("Micrographia", 1665),
    ("Treatise on Light", 1690),
    ("Opticks", 1704),
    ("Elements of Chemistry", 1789),
]


class Library:
    """The books, in a database in memory that one thread at a time may use."""

    def __init__(self):
        self.lock = threading.Lock()
        self.connection = sqlite3.connect(":memory:", check_same_thread=False)
        with self.connection:
            self.connection.execute("CREATE TABLE book (title TEXT PRIMARY KEY, year INTEGER)")
            self.connection.executemany("INSERT INTO book VALUES (?, ?)", BOOKS)

    def since(self, year):
        """Titles of this year and later, oldest first."""
        query = "SELECT title FROM book WHERE year >= ? ORDER BY year"
        with self.lock, contextlib.closing(self.connection.execute(query, (year,))) as rows:
            return [title for (title,) in rows]


class Handler(BaseHTTPRequestHandler):
    """Answers one connection."""

    protocol_version = "HTTP/1.1"
    server_version = "app/1"
    disable_nagle_algorithm = True
    # Head and body leave in one piece.
    wbufsize = 16384

    def do_GET(self):
        address = urllib.parse.urlsplit(self.path)
        pages = {
            "/healthz": lambda: "ok\n",
            "/json": self.document,
            "/modules": modules,
            "/query": lambda: self.query(urllib.parse.parse_qs(address.query)),
        }
        page = pages.get(address.path)
        if page is None:
            self.reply(HTTPStatus.NOT_FOUND, "no such page\n")
            return
        try:
            self.reply(HTTPStatus.OK, page())
        except ValueError as error:
            self.reply(HTTPStatus.BAD_REQUEST, f"{error}\n")

    def document(self):
        now = datetime.datetime.now(zoneinfo.ZoneInfo("Europe/Berlin"))
        return {
            "hash": hashlib.sha256(self.path.encode()).hexdigest(),
            "python": "{}.{}".format(*sys.version_info),
            "sqlite": sqlite3.sqlite_version,
            "time": now.isoformat(timespec="seconds"),
            "tls": ssl.OPENSSL_VERSION.split()[0],
        }

    def query(self, parameters):
        year = int(parameters.get("since", ["0"])[0])
        titles = self.server.library.since(year)
        return {"count": len(titles), "titles": titles}

    def reply(self, status, body):
        kind = "text/plain; charset=utf-8"
        if not isinstance(body, str):
            body, kind = json.dumps(body, sort_keys=True) + "\n", "application/json"
        body = body.encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format, *args):
        LOG.debug(format, *args)


def modules():
    """The modules of the standard library that this interpreter finds, and those it does not."""
    names = sorted(sys.stdlib_module_names)
    absent = [name for name in names if importlib.util.find_spec(name) is None]
    return {"absent": absent, "present": len(names) - len(absent)}


def main():
    parser = argparse.ArgumentParser(description="A small HTTP service.")
    parser.add_argument("--port", type=int, default=8080)
    parser.add_argument("--verbose", action="store_true")
    options = parser.parse_args()
    logging.basicConfig(level=logging.DEBUG if options.verbose else logging.INFO)

    server = ThreadingHTTPServer(("", options.port), Handler)
    server.daemon_threads = True
    server.library = Library()

    def stop(*_):
        # shutdown() waits for the loop that this very thread runs.
        threading.Thread(target=server.shutdown).start()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    print(f"ready on port {options.port}", flush=True)
    server.serve_forever(poll_interval=0.05)
    server.server_close()


if __name__ == "__main__":
    main()
