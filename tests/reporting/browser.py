"""Headless Chromium, controlled through two pipes: no package, no port.

https://chromedevtools.github.io/devtools-protocol/ ; messages end with a zero byte.
"""

import base64
import json
import os
import select
import shutil
import signal
import subprocess
import time

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
FLAGS = [
    *("--headless", "--no-sandbox", "--disable-gpu-sandbox", "--disable-dev-shm-usage", "--hide-scrollbars"),
    *("--no-first-run", "--disable-quic", "--disable-background-networking", "--disable-component-update"),
    *("--disable-sync", "--disable-default-apps", "--use-gl=angle", "--use-angle=swiftshader"),
    *("--enable-unsafe-swiftshader", "--remote-debugging-pipe"),
]


class Browser:
    """One page. `requests` are the addresses it loaded, `complaints` the messages of its console."""

    def __init__(self, folder, *, width=1300, height=900, dark=False):
        self.requests, self.complaints, self.count = [], [], 0
        ours, theirs = os.pipe(), os.pipe()
        words = [CHROMIUM, *FLAGS, f"--user-data-dir={folder}", f"--log-net-log={folder}/net.json", "about:blank"]
        script = f'exec "$@" 3<&{ours[0]} 4>&{theirs[1]}'
        self.process = subprocess.Popen(
            ["bash", "-c", script, "-", *words],
            pass_fds=(ours[0], theirs[1]),
            stderr=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            start_new_session=True,
        )
        os.close(ours[0]), os.close(theirs[1])
        self.out, self.back, self.rest, self.session = ours[1], theirs[0], b"", None
        targets = self.ask("Target.getTargets")["targetInfos"]
        page = next(target["targetId"] for target in targets if target["type"] == "page")
        self.session = self.ask("Target.attachToTarget", targetId=page, flatten=True)["sessionId"]
        for domain in ("Page", "Network", "Runtime", "Log"):
            self.ask(f"{domain}.enable")
        self.resize(width, height, dark=dark)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        os.close(self.out)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        os.close(self.back)

    def resize(self, width, height, *, dark=False):
        """Set the size of the window and the preferred colour scheme."""
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        self.ask("Emulation.setDeviceMetricsOverride", **size)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.ask("Emulation.setEmulatedMedia", features=[scheme])

    def open(self, place):
        """Seconds until the load event of the page at a path or an address."""
        began = time.monotonic()
        self.ask("Page.navigate", url=place if isinstance(place, str) else place.absolute().as_uri())
        self.until("document.readyState === 'complete'")
        return time.monotonic() - began

    def js(self, expression):
        """The value of an expression, awaited."""
        parameters = {"expression": expression, "awaitPromise": True, "returnByValue": True, "userGesture": True}
        found = self.ask("Runtime.evaluate", **parameters)
        assert "exceptionDetails" not in found, found["exceptionDetails"]
        return found["result"].get("value")

    def until(self, expression, seconds=60):
        """Wait until an expression is true."""
        end = time.monotonic() + seconds
        while not self.js(expression):
            assert time.monotonic() < end, f"never came true: {expression}; console: {self.complaints}"
            time.sleep(0.05)

    def click(self, selector, across=0.5, down=0.5):
        """Press the left button at a fraction of the width and height of an element."""
        self.js(f"document.querySelector({selector!r}).scrollIntoView({{block: 'center'}})")
        place = f"(r => [r.x, r.y, r.width, r.height])(document.querySelector({selector!r}).getBoundingClientRect())"
        x, y, width, height = self.js(place)
        where = {"x": x + across * width, "y": y + down * height, "button": "left", "clickCount": 1}
        for kind in ("mousePressed", "mouseReleased"):
            self.ask("Input.dispatchMouseEvent", type=kind, **where)

    def choose(self, selector, path):
        """Select a file in an input."""
        root = self.ask("DOM.getDocument")["root"]["nodeId"]
        node = self.ask("DOM.querySelector", nodeId=root, selector=selector)["nodeId"]
        self.ask("DOM.setFileInputFiles", files=[str(path)], nodeId=node)

    def drop(self, selector, path):
        """Drop a file or a folder on an element."""
        middle = "(r => [r.x + r.width / 2, r.y + r.height / 2])"
        x, y = self.js(f"{middle}(document.querySelector({selector!r}).getBoundingClientRect())")
        data = {"items": [], "files": [str(path)], "dragOperationsMask": 1}
        for kind in ("dragEnter", "dragOver", "drop"):
            self.ask("Input.dispatchDragEvent", type=kind, x=x, y=y, data=data)

    def press(self, key):
        for kind in ("keyDown", "keyUp"):
            self.ask("Input.dispatchKeyEvent", type=kind, key=key, code=key)

    def picture(self, *, whole=False):
        """A PNG of the window, or of the whole page."""
        return base64.b64decode(self.ask("Page.captureScreenshot", captureBeyondViewport=whole)["data"])

    def ask(self, method, **parameters):
        self.count += 1
        message = {"id": self.count, "method": method, "params": parameters}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.out, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._next()
            if answer.get("id") == self.count:
                assert "error" not in answer, (method, answer["error"])
                return answer["result"]
            self._note(answer)

    def _next(self, seconds=60):
        while b"\0" not in self.rest:
            assert select.select([self.back], [], [], seconds)[0], "the browser does not answer"
            part = os.read(self.back, 1 << 20)
            assert part, "the browser has stopped"
            self.rest += part
        first, _, self.rest = self.rest.partition(b"\0")
        return json.loads(first)

    def _note(self, event):
        method, facts = event.get("method"), event.get("params", {})
        if method == "Network.requestWillBeSent":
            self.requests.append(facts["request"]["url"])
        elif method == "Runtime.exceptionThrown":
            details = facts["exceptionDetails"]
            self.complaints.append(details.get("exception", {}).get("description", details["text"]))
        elif method == "Log.entryAdded" and facts["entry"]["level"] in ("error", "warning"):
            self.complaints.append(facts["entry"]["text"])
        elif method == "Runtime.consoleAPICalled" and facts["type"] in ("error", "warning", "assert"):
            self.complaints.append(" ".join(str(word.get("value")) for word in facts["args"]))
