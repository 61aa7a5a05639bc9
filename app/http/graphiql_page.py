"""GraphiQL as the server sees it: a page for browsers and its files, or a page that says why there is none."""

from __future__ import annotations

import os
from pathlib import Path

from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute, Mount
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

_ASSETS_PATH = "/graphql/assets"
# Everything comes from this server. The exceptions: the editor places its text with inline styles, and its style sheets
# hold icons and a font as data: addresses. 'self' covers the websocket of subscriptions too (CSP level 3).
_CONTENT_SECURITY_POLICY = (
    "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; "
    "object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_NO_BUNDLE = """<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>Tradepost GraphiQL</title>
    <style>body { font: 1rem/1.6 system-ui, sans-serif; max-width: 40rem; margin: 4rem auto; padding: 0 1rem }</style>
  </head>
  <body>
    <h1>The API works; GraphiQL isn't built</h1>
    <p>GraphiQL is built from source at the first start. Either that couldn't be done, because there was no Node or npm
      couldn't be reached, or this server was started without a folder that holds it.</p>
    <p>In a checkout of Tradepost, run <code>make graphiql</code>: it builds the page or says what is missing. Then load
      this page again.</p>
    <p>Meanwhile, the API answers at this address:</p>
    <pre>curl -H 'content-type: application/json' -d '{"query": "{ __typename }"}' <i>this address</i></pre>
  </body>
</html>
"""


class GraphiQLPage:
    """The page that a browser gets at `GET /graphql`.

    The bundle is looked for at each request, not at the start: it may be built while the server runs.
    """

    def __init__(self, folder: Path | None) -> None:
        """Takes the folder that holds the bundle (`index.html` and `assets/`), or None where there shall be none."""
        self._folder = folder

    def html(self) -> Response:
        """Gives GraphiQL, or a page that says why it is missing; whoever answers by Accept header adds the Vary header."""
        return HTMLResponse(
            self._read() or _NO_BUNDLE,
            headers={"Content-Security-Policy": _CONTENT_SECURITY_POLICY, "Cache-Control": "no-cache"},
        )

    def assets(self) -> BaseRoute | None:
        """Gives the route of the page's files, or None when there is no folder; it must stand before any `/graphql/…`."""
        if self._folder is None:
            return None
        return Mount(
            _ASSETS_PATH, app=_Assets(directory=self._folder / "assets", check_dir=False), name="graphiql-assets"
        )

    def _read(self) -> str | None:
        if self._folder is None:
            return None
        try:
            return (self._folder / "index.html").read_text(encoding="utf-8")
        except OSError:
            return None


class _Assets(StaticFiles):
    """Files whose names hold a hash of their content: a browser may keep them for ever."""

    async def check_config(self) -> None:
        """Does nothing, where the base class raises: a folder that isn't built yet has no files, which is a plain 404."""

    def file_response(
        self, full_path: str | os.PathLike[str], stat_result: os.stat_result, scope: Scope, status_code: int = 200
    ) -> Response:
        """Adds the cache header to what was found, so that a 404 is never kept."""
        response = super().file_response(full_path, stat_result, scope, status_code)
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        return response
