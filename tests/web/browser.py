"""Debian's Chromium, driven by Playwright, and what a person would notice in a page."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page

CHROMIUM = "/usr/bin/chromium"
AXE = Path(__file__).parent / "axe" / "axe.min.js"
PATIENCE = 60_000  # milliseconds: a loaded machine is slow


def open_page(browser: Browser, url: str, token: str, **look: Any) -> Page:
    """A page of a new window that is signed in with `token`; what its console says is kept in ``page.said``."""
    context = browser.new_context(**{"viewport": {"width": 1280, "height": 860}, "base_url": url, **look})
    context.add_cookies([{"name": "_token", "value": token, "url": url}])
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    page.said = []  # type: ignore[attr-defined]
    page.on("pageerror", lambda error: page.said.append(str(error)))  # type: ignore[attr-defined]
    page.on("console", lambda line: "Security Policy" in line.text and page.said.append(line.text))  # type: ignore[attr-defined]
    return page


def faults(page: Page) -> list[str]:
    """What axe finds serious or critical."""
    page.evaluate(AXE.read_text())  # the page's own policy allows no foreign script tag
    found = page.evaluate("() => axe.run(document, {resultTypes: ['violations']})")["violations"]
    return [
        f"{one['id']}: {json.dumps([node['html'][:200] for node in one['nodes']][:3])}"
        for one in found
        if one["impact"] in ("serious", "critical")
    ]


def is_within_its_width(page: Page) -> bool:
    """Whether nothing sticks out to the side."""
    return bool(page.evaluate("() => document.documentElement.scrollWidth <= innerWidth"))
