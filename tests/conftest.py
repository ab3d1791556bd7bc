"""What several test files share: one headless Chromium for all of them."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests.browser import Browser, Tab, chromium

os.environ["SYMGD_CACHE"] = "off"  # what a test sees was made by the program as it stands; test_cache has directories of its own


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if chromium() is None:
        pytest.skip("there is no chromium on this machine")
    with Browser() as one:
        yield one


@pytest.fixture(scope="session")
def tab(browser: Browser) -> Tab:
    """One tab, used by test after test: each opens its page, and says how it looks at it."""
    return browser.tab()
