"""A headless Chromium, driven by the W3C WebDriver protocol."""

import base64
import contextlib
import json
import re
import shutil
import subprocess
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ARGUMENTS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
)


class Browser:
    """One window."""

    def __init__(self, address: str, profile: Path) -> None:
        self._address = address
        self._session = ""
        options = {"args": [*ARGUMENTS, f"--user-data-dir={profile}"]}
        wanted = {"browserName": "chrome", "goog:chromeOptions": options, "goog:loggingPrefs": {"browser": "ALL"}}
        session = self._call("POST", "/session", {"capabilities": {"alwaysMatch": wanted}})
        self._session = f"/session/{session['sessionId']}"

    def open(self, page: Path, width: int, scheme: str = "light") -> None:
        """Show a page in a window of this width, as readers who prefer light or dark see it."""
        self._command("Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=False)
        feature = {"name": "prefers-color-scheme", "value": scheme}
        self._command("Emulation.setEmulatedMedia", features=[feature])
        self._call("POST", f"{self._session}/url", {"url": page.as_uri()})

    def evaluate(self, expression: str) -> Any:
        """The value of a JavaScript expression in the page."""
        body = {"script": f"return {expression};", "args": []}
        return self._call("POST", f"{self._session}/execute/sync", body)

    def screenshot(self) -> bytes:
        """What the window shows, as PNG."""
        return base64.b64decode(self._call("GET", f"{self._session}/screenshot"))

    def messages(self) -> list[str]:
        """What the page wrote to the console, violations of its policy included."""
        return [entry["message"] for entry in self._call("POST", f"{self._session}/se/log", {"type": "browser"})]

    def close(self) -> None:
        """Close the window."""
        self._call("DELETE", self._session)

    def _command(self, name: str, **parameters: Any) -> None:
        self._call("POST", f"{self._session}/goog/cdp/execute", {"cmd": name, "params": parameters})

    def _call(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(
            self._address + path, data, {"Content-Type": "application/json"}, method=method
        )
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(request, timeout=60) as answer:
            return json.load(answer)["value"]


@contextlib.contextmanager
def opened_browser(profile: Path) -> Iterator[Browser]:
    """A browser; the test is skipped where none is installed."""
    driver = shutil.which("chromedriver")
    if driver is None:
        pytest.skip("needs Chromium and its driver (apt install chromium chromium-driver)")
    with subprocess.Popen([driver, "--port=0"], stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            port = next(
                match[1] for line in process.stdout if (match := re.search(r"successfully on port (\d+)", line))
            )
            browser = Browser(f"http://127.0.0.1:{port}", profile)
            try:
                yield browser
            finally:
                browser.close()
        finally:
            process.terminate()
