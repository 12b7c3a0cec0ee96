"""Speaks to the server as its users do: HTTPS, JSON, one person one session. Standard library only."""

import http.client
import json
import ssl
import threading
import time
import uuid
from dataclasses import dataclass, field

TIMEOUT_SECONDS = 15
TRIES = 5
PATIENCE_SECONDS = 30  # no further try after so long


class Failure(Exception):
    """Something that was to happen did not; the text is for the person who runs the demo."""


@dataclass
class Reply:
    status: int
    headers: dict
    body: object

    def __getitem__(self, key):
        return self.body[key]


def _describe(method, path, reply):
    text = json.dumps(reply.body, ensure_ascii=False)
    return f"{method} {path}: {reply.status} {text[:1500]}"


class Platform:
    """The server at 127.0.0.1:port, trusted by its own certificate only. Connections are kept, one a thread."""

    def __init__(self, port, certificate):
        self.port = port
        self.certificate = certificate
        self._context = ssl.create_default_context(cafile=certificate)
        self._local = threading.local()

    def _connection(self):
        if getattr(self._local, "connection", None) is None:
            self._local.connection = http.client.HTTPSConnection(
                "127.0.0.1", self.port, timeout=TIMEOUT_SECONDS, context=self._context)
        return self._local.connection

    def close(self):
        """Closes the calling thread's connection."""
        if getattr(self._local, "connection", None) is not None:
            self._local.connection.close()
            self._local.connection = None

    def _exchange(self, method, path, body, headers):
        connection = self._connection()
        try:
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            raw = response.read()
        except (OSError, http.client.HTTPException):
            self.close()
            raise
        parsed = json.loads(raw) if raw else None
        return Reply(response.status, {k.lower(): v for k, v in response.getheaders()}, parsed)

    def call(self, method, path, body=None, token=None, expect=None, key=None, headers=None):
        """One request, with the status it must have (a number or several; none given: any 2xx). A request whose
        outcome is not known, or that is told to come again, is repeated under the same key."""
        sent = {"Accept-Language": "zh", **(headers or {})}
        if token:
            sent["Authorization"] = f"Bearer {token}"
        if body is not None:
            body = json.dumps(body, ensure_ascii=False).encode()
            sent["Content-Type"] = "application/json"
        if method == "POST":
            sent["Idempotency-Key"] = key or str(uuid.uuid4())
        end = time.monotonic() + PATIENCE_SECONDS
        for attempt in range(1, TRIES + 1):
            is_last = attempt == TRIES or time.monotonic() > end
            try:
                reply = self._exchange(method, path, body, sent)
            except (OSError, http.client.HTTPException) as problem:
                if is_last:
                    raise Failure(f"{method} {path}: {problem or type(problem).__name__}") from problem
            else:
                if reply.status != 503 or is_last:
                    break
            time.sleep(0.2 * attempt)
        wanted = range(200, 300) if expect is None else (expect,) if isinstance(expect, int) else expect
        if reply.status not in wanted:
            raise Failure(f"expected {expect or '2xx'}, got {_describe(method, path, reply)}")
        return reply

    def log_in(self, login, password):
        reply = self.call("POST", "/v1/sessions", {"login": login, "password": password}, expect=201)
        return Person(self, login, reply["name"], reply["token"], reply["user_id"])


@dataclass
class Person:
    """Somebody who is logged in."""

    platform: Platform
    login: str
    name: str
    token: str = field(repr=False)
    user_id: str = ""

    def get(self, path, expect=200):
        return self.platform.call("GET", path, token=self.token, expect=expect)

    def post(self, path, body=None, expect=None, key=None, headers=None):
        return self.platform.call("POST", path, body, self.token, expect, key, headers)

    def patch(self, path, body, version, expect=200):
        return self.platform.call("PATCH", path, body, self.token, expect, headers={"If-Match": f'"{version}"'})

    def pages(self, path):
        """Every item of a list, page by page."""
        mark = "&" if "?" in path else "?"
        cursor = ""
        while cursor is not None:
            page = self.get(f"{path}{mark}limit=100" + (f"&cursor={cursor}" if cursor else ""))
            yield from page["items"]
            cursor = page["next"]
