"""Headless Chromium, driven over the DevTools protocol through two pipes: pages are opened as files, looked at, and pressed with real keys.

    with Browser() as browser:
        tab = browser.tab()
        tab.look(width=360, dark=True)
        tab.open(path)
        tab.evaluate("document.documentElement.scrollWidth")
        tab.press("Tab", "ArrowRight")
        assert not tab.complaints and not tab.requests
        tab.png(folder / "page.png")

Messages are JSON, each ended by a NUL; Chromium reads them from descriptor 3 and writes to descriptor 4.  https://chromedevtools.github.io/devtools-protocol/
"""

from __future__ import annotations

import base64
import contextlib
import fcntl
import json
import os
import select
import shutil
import signal
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

__all__ = ["KEYS", "Browser", "BrowserError", "Tab", "chromium"]

PATIENCE = 30.0  # seconds for one answer

FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--remote-debugging-pipe", "--no-first-run", "--disable-extensions",
    "--disable-dev-shm-usage", "--hide-scrollbars", "--force-color-profile=srgb", "--font-render-hinting=none", "--host-resolver-rules=MAP * ~NOTFOUND",
    "--disable-component-update", "--disable-sync", "--mute-audio", "--password-store=basic", "--window-size=1280,900",
)  # fmt: skip

# key → (code, Windows virtual key code, the text that it types)
KEYS: Mapping[str, tuple[str, int, str]] = {
    "Tab": ("Tab", 9, ""), "Enter": ("Enter", 13, "\r"), "Escape": ("Escape", 27, ""), " ": ("Space", 32, " "),
    "PageUp": ("PageUp", 33, ""), "PageDown": ("PageDown", 34, ""), "End": ("End", 35, ""), "Home": ("Home", 36, ""),
    "ArrowLeft": ("ArrowLeft", 37, ""), "ArrowUp": ("ArrowUp", 38, ""), "ArrowRight": ("ArrowRight", 39, ""), "ArrowDown": ("ArrowDown", 40, ""),
}  # fmt: skip
SHIFT = 8


class BrowserError(RuntimeError):
    """Chromium refused, threw, or did not answer in time."""


def chromium() -> str | None:
    """The browser's program, or None where there is none."""
    return next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable"))), None)


class Browser:
    """One headless Chromium with a profile of its own, gone with it."""

    def __init__(self) -> None:
        program = chromium()
        if program is None:
            raise BrowserError("there is no chromium on this machine")
        self._profile = tempfile.mkdtemp(prefix="symgd-chromium-")
        self._waiting: dict[int, dict[str, Any]] = {}
        self._tabs: dict[str, Tab] = {}
        self._last, self._rest = 0, b""
        self._process = 0
        theirs, self._send = _high(*os.pipe())
        self._receive, theirs_too = _high(*os.pipe())
        quiet = [(os.POSIX_SPAWN_OPEN, k, os.devnull, flags, 0) for k, flags in ((0, os.O_RDONLY), (1, os.O_WRONLY), (2, os.O_WRONLY))]
        pipes = [(os.POSIX_SPAWN_DUP2, theirs, 3), (os.POSIX_SPAWN_DUP2, theirs_too, 4)]
        words = [program, *FLAGS, f"--user-data-dir={self._profile}", "about:blank"]
        self._process = os.posix_spawn(program, words, os.environ, file_actions=[*quiet, *pipes], setpgroup=0)
        os.close(theirs)
        os.close(theirs_too)
        try:
            self.ask("Browser.getVersion")
        except BrowserError:
            self.close()
            raise

    def __enter__(self) -> Browser:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def tab(self) -> Tab:
        """A new, empty tab."""
        target = self.ask("Target.createTarget", url="about:blank")["targetId"]
        session = self.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        tab = self._tabs[session] = Tab(self, target, session)
        for domain in ("Page", "Runtime", "Log", "Network", "DOM", "CSS"):
            tab.ask(f"{domain}.enable")
        return tab

    def ask(self, method: str, session: str = "", patience: float = PATIENCE, /, **params: Any) -> dict[str, Any]:
        """One command and its answer.  Raises BrowserError where Chromium says no, is gone, or says nothing in time."""
        self._last += 1
        number = self._last
        message = {"id": number, "method": method, "params": params} | ({"sessionId": session} if session else {})
        data, until = json.dumps(message).encode() + b"\0", time.monotonic() + patience
        while data:
            try:
                data = data[os.write(self._send, data) :]
            except OSError as error:
                raise BrowserError(f"{method}: chromium is gone") from error
        while number not in self._waiting:
            self.listen(until, method)
        answer = self._waiting.pop(number)
        if "error" in answer:
            raise BrowserError(f"{method}: {answer['error'].get('message')}")
        result: dict[str, Any] = answer["result"]
        return result

    def listen(self, until: float, what: str) -> None:
        """Reads what Chromium says next, at the latest until then: answers are kept, events go to their tab."""
        ready, _, _ = select.select([self._receive], [], [], max(0.0, until - time.monotonic()))
        if not ready:
            raise BrowserError(f"{what}: no answer in time")
        heard = os.read(self._receive, 1 << 20)
        if not heard:
            raise BrowserError(f"{what}: chromium is gone")
        *whole, self._rest = (self._rest + heard).split(b"\0")
        for text in whole:
            message = json.loads(text)
            if "id" in message:
                self._waiting[message["id"]] = message
            elif tab := self._tabs.get(message.get("sessionId", "")):
                tab.hear(message["method"], message["params"])

    def forget(self, session: str) -> None:
        self._tabs.pop(session, None)

    def close(self) -> None:
        """Chromium ends, its profile goes; twice is once."""
        if not self._process:
            return
        with contextlib.suppress(BrowserError):
            self.ask("Browser.close", "", 5.0)
        os.close(self._send)
        if not _ended(self._process, 5.0):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process, signal.SIGKILL)
            _ended(self._process, 5.0)
        os.close(self._receive)
        self._process = 0
        shutil.rmtree(self._profile, ignore_errors=True)


class Tab:
    """One page: how it is looked at, what it says, which keys are pressed in it.

    complaints  messages on its console, warnings and errors of the browser about it, exceptions that nobody caught; since it was opened
    requests    addresses that it asked for, itself and data: apart; since it was opened
    """

    def __init__(self, browser: Browser, target: str, session: str) -> None:
        self._browser, self._target, self._session = browser, target, session
        self.complaints: list[str] = []
        self.requests: list[str] = []
        self._address, self._loaded = "about:blank", False
        self._width, self._height = 1280, 900

    def ask(self, method: str, **params: Any) -> dict[str, Any]:
        """One command of the protocol to this tab."""
        return self._browser.ask(method, self._session, **params)

    def hear(self, method: str, params: dict[str, Any]) -> None:
        match method:
            case "Page.loadEventFired":
                self._loaded = True
            case "Runtime.consoleAPICalled":
                self.complaints.append(f"{params['type']}: " + " ".join(str(a.get("value", a.get("description", ""))) for a in params["args"]))
            case "Runtime.exceptionThrown":
                self.complaints.append(f"exception: {_thrown(params['exceptionDetails'])}")
            case "Log.entryAdded":
                self.complaints.append(f"{params['entry']['level']}: {params['entry']['text']}")
            case "Network.requestWillBeSent":
                address = params["request"]["url"]
                if address.partition("#")[0] != self._address and not address.startswith(("data:", "about:")):
                    self.requests.append(address)

    def look(self, *, width: int = 1280, height: int = 900, dark: bool = False, calm: bool = False, script: bool = True, printed: bool = False) -> None:
        """How wide the window is (CSS pixels), light or dark, whether motion is unwelcome, whether the page may run its script, screen or paper."""
        self._width, self._height = width, height
        self.ask("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        wishes = {"prefers-color-scheme": "dark" if dark else "light", "prefers-reduced-motion": "reduce" if calm else "no-preference"}
        self.ask("Emulation.setEmulatedMedia", media="print" if printed else "screen", features=[{"name": k, "value": v} for k, v in wishes.items()])
        self.ask("Emulation.setScriptExecutionDisabled", value=not script)

    def open(self, path: Path, fragment: str = "") -> None:
        """The file as a page, loaded, its fonts too."""
        self._address, self._loaded = path.resolve().as_uri(), False
        self.complaints.clear()
        self.requests.clear()
        answer = self.ask("Page.navigate", url=self._address + fragment)
        if error := answer.get("errorText"):
            raise BrowserError(f"{path}: {error}")
        until = time.monotonic() + PATIENCE
        while not self._loaded:
            self._browser.listen(until, f"loading {path}")
        self.evaluate("document.fonts.ready.then(() => true)")

    def evaluate(self, script: str) -> Any:
        """The value of a JavaScript expression, a promise awaited, as JSON.  The page's Content-Security-Policy does not hold it back."""
        answer = self.ask("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True, userGesture=True)
        if details := answer.get("exceptionDetails"):
            raise BrowserError(_thrown(details))
        return answer["result"].get("value")

    def press(self, *keys: str, times: int = 1) -> None:
        """Real keys, one after the other: "ArrowRight", "Tab", "Shift+Tab", "a"."""
        for name in keys * times:
            *held, key = name.split("+") if len(name) > 1 else [name]
            code, number, text = KEYS.get(key, ("", ord(key[0].upper()), key))
            common = {"key": key, "code": code, "windowsVirtualKeyCode": number, "modifiers": SHIFT if "Shift" in held else 0}
            self.ask("Input.dispatchKeyEvent", type="keyDown" if text else "rawKeyDown", **common, **({"text": text} if text else {}))
            self.ask("Input.dispatchKeyEvent", type="keyUp", **common)

    def fonts(self, selector: str = "body") -> dict[str, int]:
        """Which fonts drew the characters below an element, and how many each."""
        root = self.ask("DOM.getDocument", depth=0)["root"]["nodeId"]
        nodes = self.ask("DOM.querySelectorAll", nodeId=root, selector=selector)["nodeIds"]
        drawn: dict[str, int] = {}
        for node in nodes:
            for font in self.ask("CSS.getPlatformFontsForNode", nodeId=node)["fonts"]:
                drawn[font["familyName"]] = drawn.get(font["familyName"], 0) + int(font["glyphCount"])
        return drawn

    def png(self, path: Path, *, whole: bool = True) -> Path:
        """What is seen, as a PNG; the whole length of the page, or the window."""
        clip: dict[str, Any] = {}
        if whole:
            size = self.ask("Page.getLayoutMetrics")["cssContentSize"]
            clip = {"captureBeyondViewport": True, "clip": {"x": 0, "y": 0, "width": self._width, "height": max(size["height"], 1), "scale": 1}}
        path.write_bytes(base64.b64decode(self.ask("Page.captureScreenshot", format="png", **clip)["data"]))
        return path

    def close(self) -> None:
        self._browser.ask("Target.closeTarget", targetId=self._target)
        self._browser.forget(self._session)


def _high(*descriptors: int) -> tuple[int, ...]:
    """The same pipes at numbers that 3 and 4 do not overwrite, closed to other children."""
    moved = tuple(fcntl.fcntl(d, fcntl.F_DUPFD_CLOEXEC, 10) for d in descriptors)
    for d in descriptors:
        os.close(d)
    return moved


def _ended(process: int, patience: float) -> bool:
    until = time.monotonic() + patience
    while time.monotonic() < until:
        if os.waitpid(process, os.WNOHANG)[0]:
            return True
        time.sleep(0.02)
    return False


def _thrown(details: dict[str, Any]) -> str:
    return str(details.get("exception", {}).get("description") or details.get("text"))
