"""GraphiQL as a person sees it: editors to type in, buttons, and the answer."""

from __future__ import annotations

from playwright.async_api import ConsoleMessage, Locator, Page, Request, expect

from tests.clients.availability import unavailable
from tests.clients.catalogue import Server

_MILLISECONDS = 30_000


class GraphiQL:
    """The page in one browser tab, with a record of what it complained of and of what it loaded from elsewhere."""

    def __init__(self, *, page: Page, server: Server) -> None:
        self.page = page
        self.complaints: list[str] = []
        self.foreign_requests: list[str] = []
        self.sockets: list[str] = []
        self._server = server
        page.set_default_timeout(_MILLISECONDS)
        page.on("console", self._on_console)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("request", self._on_request)
        page.on("websocket", lambda websocket: self.sockets.append(websocket.url))

    @property
    def query(self) -> Locator:
        """The text of the query editor, as far as it is drawn."""
        return self._editor("Operation Editor").locator(".view-lines")

    @property
    def explorer(self) -> Locator:
        """The pane on the left, where the explorer plugin stands once it is open."""
        return self.page.locator(".graphiql-plugin")

    @property
    def answer(self) -> Locator:
        """What is seen of the answer: the editor draws only the lines that fit."""
        return self.page.locator(".graphiql-response .view-lines")

    async def open(self) -> None:
        """Loads the page and waits until it can be typed in."""
        await self.page.goto(f"{self._server.url}/graphql")
        if await self.page.locator("#graphiql").count() == 0:
            unavailable("the server of the tests has no GraphiQL bundle: make graphiql")
        await expect(self.query).to_be_visible(timeout=_MILLISECONDS)

    async def write_query(self, text: str) -> None:
        await self._write("Operation Editor", text)

    async def write_headers(self, text: str) -> None:
        await self._write("Headers", text)

    async def run(self) -> None:
        """Presses the button with the triangle."""
        await self.page.get_by_role("button", name="Execute query").click()

    async def press(self, name: str) -> None:
        """Presses a button or opens a tab by its name."""
        await self.page.get_by_role("button", name=name).or_(self.page.get_by_role("tab", name=name)).first.click()

    async def sees(self, *texts: str) -> None:
        """Waits until the answer shows every one of these texts."""
        for text in texts:
            await expect(self.answer).to_contain_text(text, timeout=_MILLISECONDS)

    def _editor(self, label: str) -> Locator:
        return self.page.locator(f'section[aria-label="{label}"] .graphiql-editor:not(.hidden)')

    async def _write(self, label: str, text: str) -> None:
        editor = self._editor(label)
        await editor.locator(".view-lines").click()
        await self.page.keyboard.press("ControlOrMeta+A")
        # Deleted first: a bracket that is typed over a selection encloses it.
        await self.page.keyboard.press("Delete")
        await self.page.keyboard.type(text)
        await expect(editor.locator(".view-lines")).to_have_text(text)

    def _on_console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(message.text)

    def _on_request(self, request: Request) -> None:
        if not request.url.startswith((f"{self._server.url}/", "data:", "blob:")):
            self.foreign_requests.append(request.url)
