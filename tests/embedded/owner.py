"""Runs one embedded server in a process that a test can kill: prints where it is, and stops it at the end of stdin.

    python owner.py postgres|valkey DIRECTORY

It is run as a script too, by users who can read nothing but this file and `app.embedded`.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from app.embedded.errors import EmbeddedError
from app.embedded.postgres import EmbeddedPostgres
from app.embedded.server import EmbeddedServer
from app.embedded.valkey import EmbeddedValkey

SERVERS: dict[str, type[EmbeddedServer]] = {"postgres": EmbeddedPostgres, "valkey": EmbeddedValkey}


def main() -> None:
    """Start, say where, wait, stop."""
    kind, directory = sys.argv[1:]
    server = SERVERS[kind](Path(directory))
    server.wait_seconds = 0.5
    try:
        server.start()
    except EmbeddedError as error:
        sys.exit(str(error))
    with server:
        print(json.dumps({"pid": server.pid, "url": server.url, "uid": os.geteuid()}), flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main()
