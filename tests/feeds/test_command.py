"""``tradepost import`` and ``tradepost export`` as processes of their own."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from app.cli.import_ import CommandError, Target, open_application, open_place
from app.cli.main import tradepost
from app.embedded.postgres import EmbeddedPostgres
from app.embedded.valkey import EmbeddedValkey
from tests.conftest import execute, named, settings_for
from tests.feeds.shop import DATA, SAMPLES, Shop, csv_of, more, mug

PROJECT = Path(__file__).parents[2]
FILES = [str(DATA / f"{name}.csv") for name in SAMPLES]
# Imports a file, exports the shop, and says in its last line how much memory it had at most, in KiB.
_MEASURED = """
import resource, sys
from app.cli.main import tradepost
for arguments in (["import", "shopify", sys.argv[1]], ["export", "shopify", sys.argv[2]]):
    tradepost(arguments, standalone_mode=False)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


@pytest.fixture
def environment(url: str, valkey: EmbeddedValkey) -> dict[str, str]:
    """What leads a command to the test's own servers."""
    return {**os.environ, "TRADEPOST_DATABASE_URL": url, "TRADEPOST_REDIS_URL": valkey.url}


@pytest.fixture
def run(environment: dict[str, str]) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run a command to its end."""

    def run(*arguments: str, program: tuple[str, ...] = ("-m", "app")) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, *program, *arguments]
        return subprocess.run(command, env=environment, cwd=PROJECT, capture_output=True, text=True, check=False)

    return run


Run = Callable[..., "subprocess.CompletedProcess[str]"]


def table(output: str) -> dict[str, str]:
    """The table at the end of an import."""
    return {name: value for line in output.splitlines() for name, value in [re.split(r"\s{2,}", line, maxsplit=1)]}


def many(products: int) -> bytes:
    """A file of any size, with two variants a product."""
    rows = []
    for number in range(1, products + 1):
        handle = f"mug-{number:06d}"
        rows.append(
            mug(Handle=handle, Type="Mugs", Variant_SKU=f"{number}-s", Tags="a, b", **{"Body_(HTML)": "hot " * 40})
        )
        rows.append(more("Large", Handle=handle, Variant_SKU=f"{number}-l", Image_Src=f"https://x.example/{number}"))
    return csv_of(*rows)


def test_imports_and_exports(run: Run, tmp_path: Path) -> None:
    done = run("import", "shopify", *FILES)
    assert (done.returncode, done.stderr) == (0, "")
    expected = {"created": "60", "updated": "0", "unchanged (skipped)": "0", "refused": "0", "rows": "84"}
    said = table(done.stdout)
    assert {name: said[name] for name in expected} == expected
    assert float(said["seconds"]) > 0
    file = tmp_path / "export.csv"
    assert run("export", "shopify", str(file)).returncode == 0
    assert list(tmp_path.iterdir()) == [file]
    assert table(run("import", "shopify", str(file), *FILES).stdout)["unchanged (skipped)"] == "120"
    assert run("export", "shopify").stdout.encode() == file.read_bytes()


def test_says_where_what_is_refused_and_ends_with_1(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "mugs.csv"
    bad, good = mug(Handle="bad", Variant_Price="-1"), mug(Handle="good")
    file.write_bytes(csv_of(bad, good))
    done = run("import", "shopify", str(file))
    assert (done.returncode, done.stderr) == (1, f"{file}:2: bad: Variant Price: Must not be negative.\n")
    assert (table(done.stdout)["created"], table(done.stdout)["refused"]) == ("1", "1")
    file.write_bytes(csv_of(mug(Handle="first"), bad, mug(Handle="last")))
    strict = run("import", "shopify", "--strict", str(file))
    assert strict.returncode == 1
    assert strict.stderr.splitlines() == [
        f"{file}:3: bad: Variant Price: Must not be negative.",
        "Stopped at the first product that was refused (--strict). What came before it is imported.",
    ]
    assert table(strict.stdout)["created"] == "1"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "the file is empty"),
        (b"\n\n", "there is no 'Handle'"),
        (b"Name,Price\nMug,12\n", "there is no 'Handle'"),
        (b"Handle;Title\nmug;Mug\n", "there is no 'Handle'"),
        (b"Handle,Price\nmug,12\n", "there is no 'Title'"),
        (b"Handle,Title,Title\n", "the column 'Title' is there twice"),
        ("Handle,Title\nmug,Mug\n".encode("utf-16"), "there is no 'Handle'"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0", "there is no 'Handle'"),
        (b'"Handle,Title\nmug,Mug\n', "this is no CSV file"),
        (b"x" * 5_000_000, "this is no CSV file"),
        (b"\0" * 1_000, "there is no 'Handle'"),
    ],
)
def test_refuses_a_file_that_is_something_else(tmp_path: Path, content: bytes, reason: str) -> None:
    file = tmp_path / "file.csv"
    file.write_bytes(content)
    # The good file before it isn't imported either: nothing is begun, and no server is started.
    done = CliRunner().invoke(tradepost, ["import", "shopify", FILES[0], str(file)])
    assert done.exit_code == 2
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"Error: {file} can't be imported: ")
    assert reason in line


def test_refuses_what_is_no_readable_file(tmp_path: Path) -> None:
    for path, reason in ((tmp_path, "Is a directory"), (tmp_path / "none.csv", "No such file or directory")):
        done = CliRunner().invoke(tradepost, ["import", "shopify", str(path)])
        assert (done.exit_code, done.stderr) == (2, f"Error: {path} can't be read: {reason}.\n")


def test_refuses_a_currency_and_a_channel_that_cannot_be(tmp_path: Path) -> None:
    done = CliRunner().invoke(tradepost, ["import", "shopify", FILES[0], "--currency", "dollars"])
    assert (done.exit_code, done.stderr) == (
        2,
        "Error: --currency must be three capital letters, as USD, not 'dollars'.\n",
    )
    done = CliRunner().invoke(tradepost, ["export", "shopify", "--channel", "No Slug"])
    assert (done.exit_code, done.stderr) == (
        2,
        "Error: --channel must be the slug of a channel, as default, not 'No Slug'.\n",
    )


async def test_opens_a_new_shop_with_the_channel_and_currency_that_are_asked_for(
    url: str, valkey: EmbeddedValkey
) -> None:
    async with open_application(settings_for(database_url=url, redis_url=valkey.url)) as application:
        place = await open_place(application, target=Target(channel="eu", currency="EUR"))
        assert place.currency_code == "EUR"
        assert place == await open_place(application, target=Target(channel="eu", currency=None))
        with pytest.raises(CommandError, match="The channel 'eu' sells in EUR, not in USD"):
            await open_place(application, target=Target(channel="eu", currency="USD"))
        with pytest.raises(CommandError, match="There is no channel 'us': there are eu "):
            await open_place(application, target=Target(channel="us", currency=None))


async def test_makes_the_tables_of_an_empty_database(postgres: EmbeddedPostgres, valkey: EmbeddedValkey) -> None:
    await execute(named(postgres.url, "postgres"), "CREATE DATABASE untouched")
    settings = settings_for(database_url=named(postgres.url, "untouched"), redis_url=valkey.url)
    async with open_application(settings) as application:
        assert (await open_place(application, target=Target(channel=None, currency=None))).currency_code == "USD"


async def test_says_in_one_line_that_postgresql_is_away(postgres: EmbeddedPostgres, valkey: EmbeddedValkey) -> None:
    settings = settings_for(
        database_url=named(postgres.url, "none").replace(str(postgres.port), "1"), redis_url=valkey.url
    )
    with pytest.raises(CommandError, match="PostgreSQL can't be reached"):
        async with open_application(settings):
            pass


async def test_goes_on_after_a_kill(shop: Shop, environment: dict[str, str], run: Run, tmp_path: Path) -> None:
    products = 1_500
    file = tmp_path / "mugs.csv"
    file.write_bytes(many(products))
    command = [sys.executable, "-m", "app", "import", "shopify", str(file)]
    with subprocess.Popen(command, env=environment, cwd=PROJECT, stdout=subprocess.DEVNULL) as first:
        deadline = time.monotonic() + 60
        while not (count := await shop.query("SELECT count(*) FROM products"))[0][0]:
            assert time.monotonic() < deadline, count
            assert first.poll() is None
        first.send_signal(signal.SIGKILL)
    ((done,),) = await shop.query("SELECT count(*) FROM products")
    assert 0 < done < products
    # Whole products only, and each with its events.
    assert await shop.query("SELECT count(*) FROM product_variants") == [(2 * done,)]
    assert len(await shop.events()) == 3 * done
    said = table(run("import", "shopify", str(file)).stdout)
    assert (said["created"], said["unchanged (skipped)"]) == (f"{products - done:,}", f"{done:,}")
    assert await shop.query("SELECT count(*), max(version) FROM products") == [(products, 1)]
    assert await shop.query("SELECT count(*), sum(on_hand) FROM stock_levels") == [(2 * products, 4 * products)]
    assert len(await shop.events()) == 3 * products


def test_needs_no_more_memory_for_ten_times_the_products(run: Run, tmp_path: Path) -> None:
    peaks = []
    for products in (150, 1_500):
        file, exported = tmp_path / f"{products}.csv", tmp_path / f"{products}-export.csv"
        file.write_bytes(many(products))
        done = run(str(file), str(exported), program=("-c", _MEASURED))
        assert done.returncode == 0, done.stderr
        peaks.append(int(done.stdout.splitlines()[-1]))
        assert exported.read_bytes().count(b"\n") == 2 * products + 1
    small, large = peaks
    assert large < 1.15 * small
