"""A headless Chromium of the system, and tabs that keep what they complain about."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final, Literal

from playwright.sync_api import Browser, ConsoleMessage, Error, Page, expect, sync_playwright

ARGUMENTS: Final = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
SIZES: Final = {"desktop": (1280, 900), "phone": (360, 780)}
PATIENCE_MS: Final = 20_000
SERIOUS: Final = frozenset({"serious", "critical"})
Scheme = Literal["light", "dark"]
Json = dict[str, Any]  # Any: JSON


@cache
def _axe() -> str:
    """Return axe-core as its package for Python brings it; that package's own code is not needed."""
    found = find_spec("axe_playwright_python")
    assert found is not None
    assert found.origin is not None
    return Path(found.origin).with_name("axe.min.js").read_text()


@contextmanager
def browsing(executable: str) -> Iterator[Browser]:
    """Run a browser as long as the block lasts."""
    expect.set_options(timeout=PATIENCE_MS)  # a quarter of it by default, which a page on a busy machine takes now and then
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=executable, args=list(ARGUMENTS))
        try:
            yield browser
        finally:
            browser.close()


@dataclass
class Tab:
    """A tab on a dashboard.

    Args:
        page: Playwright's.
        url: the gateway's.
        complaints: what the console was told as an error, and what nobody caught.
    """

    page: Page
    url: str
    complaints: list[str] = field(default_factory=list)

    def open(self, path: str) -> None:
        """Go to a page of the dashboard: ``/``, ``/trends``."""
        self.page.goto(f"{self.url}/#{path}")
        self.page.locator("main h1").first.wait_for()

    def settled(self) -> None:
        """Wait until every panel has what it shows."""
        self.page.wait_for_function("() => !document.querySelector('[aria-busy=true]')")

    def shot(self, folder: Path, name: str) -> Path:
        """Take a picture of the whole page."""
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{name}.png"
        self.page.screenshot(path=path, full_page=True, animations="disabled")
        return path

    def barriers(self) -> list[str]:
        """What axe finds serious or worse."""
        self.page.evaluate(_axe())
        found: list[Json] = self.page.evaluate("async () => (await axe.run({resultTypes: ['violations']})).violations")
        return [
            f"{each['id']} ({each['impact']}): {each['help']}: {[node['html'][:200] for node in each['nodes'][:3]]}"
            for each in found
            if each["impact"] in SERIOUS
        ]


@contextmanager
def tab(
    browser: Browser,
    url: str,
    *,
    size: tuple[int, int] = SIZES["desktop"],
    scheme: Scheme = "light",
) -> Iterator[Tab]:
    """Open a tab with nothing kept from others.

    Args:
        browser: what runs.
        url: the gateway's.
        size: of the window, pixels.
        scheme: light or dark.
    """
    context = browser.new_context(
        viewport={"width": size[0], "height": size[1]},
        color_scheme=scheme,
        reduced_motion="reduce",
        locale="en-GB",
        timezone_id="UTC",
        accept_downloads=True,
    )
    context.set_default_timeout(PATIENCE_MS)
    page = context.new_page()
    opened = Tab(page, url)

    def on_console(message: ConsoleMessage) -> None:
        if message.type in ("error", "assert"):
            opened.complaints.append(f"{message.text} ({message.location.get('url')})")

    def on_error(error: Error) -> None:
        opened.complaints.append(str(error))

    page.on("console", on_console)
    page.on("pageerror", on_error)
    try:
        yield opened
    finally:
        context.close()
