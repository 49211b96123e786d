"""A running `medtrans serve`, and requests to it that a browser would not send."""

import http.client
import json
import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote, urlsplit

SECONDS = float(os.environ.get("MEDTRANS_BROWSER_SECONDS", "120"))


class Server:
    """`temporary` is the folder for temporary files of the server and its workers."""

    def __init__(self, process, address, temporary):
        self.process, self.address, self.temporary = process, address, temporary
        self.port, self.token = urlsplit(address).port, urlsplit(address).path.strip("/")

    def ask(self, method, path, body=None, *, raw=False, **headers):
        """(status, content) of a path below the token, or with `raw` of that very path."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=SECONDS)
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, path if raw else f"/{self.token}/{path}", body, given)
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        is_json = answer.headers.get("content-type", "").startswith("application/json")
        return answer.status, json.loads(content) if is_json else content

    def send(self, path, model, name=None, **headers):
        query = f"volume?name={quote(name or path.name, safe='')}&model={quote(model)}"
        return self.ask("PUT", query, path.read_bytes(), **headers)

    def state(self):
        return self.ask("GET", "state")[1]

    def until(self, *states):
        end = time.monotonic() + SECONDS
        while (found := self.state())["state"] not in states:
            assert time.monotonic() < end, found
            time.sleep(0.1)
        return found

    def workers(self):
        """Their process numbers."""
        return [int(n) for n in Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()]

    def left(self):
        """What lies in the folder for temporary files."""
        return sorted(path.name for path in self.temporary.iterdir())


@contextmanager
def running(folder, *words):
    """Start it on a free port; ended at the end, if it still runs."""
    temporary = folder / "temporary"
    temporary.mkdir()
    command = [sys.executable, "-m", "medtrans", "serve", "--port", "0", "--device", "cpu", *map(str, words)]
    environment = {**os.environ, "TMPDIR": str(temporary)}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    ) as process:
        line = process.stdout.readline()
        try:
            assert line, process.stderr.read()
            yield Server(process, line.split()[-1], temporary)
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
            process.wait(SECONDS)
