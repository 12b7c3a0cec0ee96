"""Asks /readyz of the admin port all the time, so that a fault can ask afterwards whether it told the truth."""
import http.client
import threading
import time

PAUSE_SECONDS = 0.05


class Probe(threading.Thread):
    def __init__(self, server):
        super().__init__(daemon=True)
        self.server = server
        self.seen = []  # (when asked, status); None: nobody answered
        self.stopping = threading.Event()

    def _ask(self):
        try:
            port = int((self.server.directory / "ports").read_text().split()[1])
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=1)
            try:
                connection.request("GET", "/readyz")
                return connection.getresponse().status
            finally:
                connection.close()
        except (OSError, ValueError, IndexError, http.client.HTTPException):
            return None

    def run(self):
        while not self.stopping.wait(PAUSE_SECONDS):
            asked = time.monotonic()
            self.seen.append((asked, self._ask()))

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.stopping.set()
        self.join(10)

    def said_ready(self, begin, end):
        """How often it said so between two moments."""
        return sum(status == 200 for asked, status in list(self.seen) if begin <= asked <= end)

    def await_ready(self, seconds):
        """Whether it says so within `seconds`, asked from now on."""
        since = time.monotonic()
        while time.monotonic() < since + seconds:
            if self.said_ready(since, time.monotonic()):
                return True
            time.sleep(0.02)
        return False
