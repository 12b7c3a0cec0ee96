"""Writers under load: each makes needs, applies with them and withdraws, every request with a key of its own. What is
not answered definitely is sent again under the same key until it is: that is all a client can do."""
import collections
import hashlib
import http.client
import json
import random
import ssl
import threading
import time
import uuid
from dataclasses import dataclass, field

TIMEOUT_SECONDS = 10
PATIENCE_SECONDS = 180  # for one request with all its tries
FRESH_CONNECTION = 0.1  # how often a writer begins a new connection
KEY = object()  # stands for the request's own key in a document


@dataclass
class Deed:
    """One request that the server acknowledged."""

    kind: str  # need, application, withdraw
    user: str
    key: str
    id: str
    digest: str  # MD5 of the answer
    sent: float
    done: float
    tries: int


@dataclass
class Ledger:
    """What was acknowledged and what went wrong, by all writers."""

    deeds: list = field(default_factory=list)
    failures: collections.Counter = field(default_factory=collections.Counter)  # tries that had to be repeated
    replayed: int = 0  # answers kept from a try whose outcome was unknown
    wrong: list = field(default_factory=list)  # definite answers that no writer asked for


class Writer(threading.Thread):
    def __init__(self, port, person, products, ledger, seed):
        super().__init__(daemon=True)
        self.port, self.person, self.products, self.ledger = port, person, products, ledger
        self.draw = random.Random(seed)
        self.stopping = threading.Event()
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self.context.check_hostname = False
        self.context.verify_mode = ssl.CERT_NONE  # certificates change under way; the fault looks at them
        self.connection = None

    def _leave(self):
        if self.connection:
            self.connection.close()
        self.connection = None

    def _exchange(self, path, body, key):
        if self.connection is None:
            self.connection = http.client.HTTPSConnection("127.0.0.1", self.port, timeout=TIMEOUT_SECONDS,
                                                          context=self.context)
        headers = {"Authorization": f"Bearer {self.person.token}", "Content-Type": "application/json",
                   "Idempotency-Key": key}
        self.connection.request("POST", path, body, headers)
        reply = self.connection.getresponse()
        return reply.status, reply.read(), reply.getheader("Idempotent-Replayed")

    def post(self, kind, path, document):
        """Sends until there is a definite answer; the document of a good one, else None."""
        key = str(uuid.uuid4())
        body = json.dumps({name: key if value is KEY else value for name, value in document.items()})
        first = time.monotonic()
        tries = 0
        while time.monotonic() < first + PATIENCE_SECONDS:
            tries += 1
            if self.draw.random() < FRESH_CONNECTION:
                self._leave()
            sent = time.monotonic()
            try:
                status, text, replayed = self._exchange(path, body, key)
            except (OSError, http.client.HTTPException) as error:
                self._leave()
                self.ledger.failures[type(error).__name__] += 1
                time.sleep(0.02 * self.draw.random())
                continue
            answer = json.loads(text)
            if status in (200, 201):
                self.ledger.replayed += replayed is not None
                self.ledger.deeds.append(Deed(kind, self.person.user_id, key, answer["id"],
                                              hashlib.md5(text).hexdigest(), sent, time.monotonic(), tries))
                return answer
            if status != 503 and answer.get("code") != "busy_elsewhere":
                self.ledger.wrong.append((path, status, answer))
                return None
            self.ledger.failures[answer["code"]] += 1
            time.sleep(0.1 * self.draw.random())
        self.ledger.wrong.append((path, "no answer", tries))
        return None

    def run(self):
        while not self.stopping.is_set():
            self._do_one_job()
        self._leave()

    def _do_one_job(self):
        need = self.post("need", "/v1/needs", {"kinds": ["credit_loan"], "amount_fen": 30000000, "term_months": 12,
                                               "purpose": "working_capital", "purpose_detail": KEY})
        if need and self.draw.random() < 0.5:
            application = self.post("application", "/v1/applications", {
                "need_id": need["id"], "product_id": self.draw.choice(self.products), "note": KEY})
            if application and self.draw.random() < 0.5:
                self.post("withdraw", f"/v1/applications/{application['id']}/withdraw", {})
        if need and self.draw.random() < 0.5:
            self.post("withdraw", f"/v1/needs/{need['id']}/withdraw", {})


class Load:
    """All writers; entered when they are to begin."""

    def __init__(self, house):
        self.ledger = Ledger()
        self.writers = [Writer(house.server.listener.getsockname()[1], person, house.products, self.ledger, number)
                        for number, person in enumerate(house.people)]

    def __enter__(self):
        for writer in self.writers:
            writer.start()
        return self

    def __exit__(self, *_):
        for writer in self.writers:
            writer.stopping.set()
        for writer in self.writers:
            writer.join(PATIENCE_SECONDS + TIMEOUT_SECONDS)
        if any(writer.is_alive() for writer in self.writers):
            raise SystemExit("fault: a writer did not end")

    def first_done_after(self, moment, seconds):
        """Seconds from `moment` to the first acknowledgement of a request that was sent after it; None: there was none
        within `seconds`."""
        at = len(self.ledger.deeds)
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            for deed in self.ledger.deeds[max(0, at - 50):]:
                if deed.sent >= moment:
                    return deed.done - moment
            time.sleep(0.005)
        return None
