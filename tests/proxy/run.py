"""Request smuggling and desynchronisation: the probes of corpus.py to the server itself, to nginx as the oracle, and to
the server behind nginx and HAProxy as deploy/ has them; then the check is checked on a backend that is naive, and the
client's address is tried (addresses.py). tests/run proxy."""
import argparse
import asyncio
import json
import shutil
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.append(str(ROOT / "tests/bench"))

import addresses  # noqa: E402
import chain  # noqa: E402
import corpus  # noqa: E402
import judge  # noqa: E402
import rows  # noqa: E402
import wire  # noqa: E402
from naive import Naive  # noqa: E402
from support import cluster, processes, server  # noqa: E402

AT_ONCE = 8  # clients of one lane
COLUMNS = ("probes", "passed", "ran", "smuggled", "read otherwise", "wrong answers", "honest")
# What the check must find of the naive backend: each is one way in which it is naive.
NAIVE_READS = ["table: CL + TE chunked", "table: TE: xchunked", "table: TE : chunked", "table: two different CL",
               "table: CL: +5", "table: chunk size 0x5", "table: no Host", "GET with a body", "HEAD with a body"]
NAIVE_RUNS = ["GET with a body", "HEAD with a body"]


class Server(server.Server):
    """With a certificate that proxies can verify by name, and both of them trusted."""

    names = "DNS:rongqiao.internal,IP:127.0.0.1"

    def __init__(self, directory, postgres, program):
        super().__init__(directory, postgres)
        self.program = program
        self.word = "x_forwarded_for"

    def _configure(self):
        super()._configure()
        self.environment.update(RONGQIAO_TRUSTED_PROXIES="127.0.0.1/32", RONGQIAO_PROXY_ADDRESS_FROM=self.word,
                                RONGQIAO_WORKERS="1")  # whose log is in the order of the answers

    def stop(self):
        super().stop()
        if self.process and self.process.returncode != 0:
            raise SystemExit(f"proxy: the server ended with {self.process.returncode} (see {self.log})")

    def restart(self, word):
        self.stop()
        self.word = word
        self._configure()
        self.start()

    def rows(self):
        found = []
        for line in self.log.read_text(errors="replace").splitlines():
            row = json.loads(line)
            if row["event"] == "request":
                found.append(row)
        return found

    def ran(self):
        """The requests that it ran, by the id in their answer, in order; not the proxies' own, which never end."""
        return {row["request_id"]: chain.Passed(row["method"], row["path"]) for row in self.rows()
                if row["path"] != "/readyz"}


class Lane:
    """One way to a backend, with several clients at once; `is_shared`: through a proxy's pool, where each probe is
    followed by an honest request on another connection."""

    def __init__(self, letter, port, context, is_shared):
        self.letter, self.port, self.context, self.is_shared = letter, port, context, is_shared
        self.played, self.honest = {}, {}

    async def _work(self, numbers, probes, address):
        other = wire.Client(self.port, self.context, address)
        for number in numbers:
            text = probes[number][1].replace(rows.MARK, judge.mark(self.letter, number).encode())
            self.played[number] = await wire.Client(self.port, self.context, address).probe(text)
            if self.is_shared:
                own = rows.get(b"honest").replace(rows.MARK, judge.mark(self.letter, number, True).encode())
                self.honest[number] = await other.ask(own)
        await other.close()

    async def play(self, probes, numbers):
        numbers = iter(numbers)  # whoever is free takes the next
        await asyncio.gather(*(self._work(numbers, probes, f"127.0.0.{2 + at}") for at in range(AT_ONCE)))


def play(lanes, probes, numbers):
    async def all_of_them():
        asyncio.get_running_loop().set_exception_handler(lambda *_: None)  # peers that break off are the point
        await asyncio.gather(*(lane.play(probes, numbers) for lane in lanes))
    asyncio.run(all_of_them())


def settled(look):
    """What it shows once it shows the same for a while."""
    before, end = look(), time.monotonic() + 40
    while time.monotonic() < end:
        time.sleep(1.5)  # HAProxy tells of a request when all of it has ended
        now = look()
        if now == before:
            return now
        before = now
    raise SystemExit("proxy: requests go on after the last one was sent")


class Run:
    def __init__(self, directory, postgres, house, oracle):
        self.directory, self.postgres, self.house, self.oracle = directory, postgres, house, oracle
        self.context = wire.tls(house.certificate)
        self.pair = directory / "pair.pem"
        self.pair.write_text(house.certificate.read_text() + house.key.read_text())
        self.probes = corpus.probes()
        self.seen = {}  # what the oracle answered
        self.complaints = []

    def proxies(self, name, port):
        return (chain.nginx(self.directory / f"nginx-{name}", port, self.house.certificate, self.house.key),
                chain.haproxy(self.directory / f"haproxy-{name}", port, self.house.certificate, self.pair))

    def _tell(self, way, findings):
        print(way.ljust(30) + "".join(str(findings.counted[each]).rjust(16) for each in COLUMNS), flush=True)

    def _judge(self, way, findings):
        self._tell(way, findings)
        self.complaints += [f"{way}: {kind}: {probe}: {words}" for kind, probe, words in findings]

    def _must_find(self, way, findings, kind, names):
        missed = set(names) - findings.names(kind)
        if missed:
            self.complaints.append(f"{way}: the check did not find ({kind}): {sorted(missed)}")

    def server(self):
        """Direct, the oracle, and behind both proxies, all at once."""
        nginx, haproxy = self.proxies("server", self.house.port)
        with nginx, haproxy:
            lanes = {letter: Lane(letter, port, context, letter in "nh") for letter, port, context in (
                ("o", self.oracle.port, None), ("d", self.house.port, self.context), ("n", nginx.port, self.context),
                ("h", haproxy.port, self.context))}
            play(lanes.values(), self.probes, range(len(self.probes)))
            self.seen = lanes["o"].played
            ran = settled(self.house.ran)
            self._judge("rongqiao, and nginx as oracle", judge.direct(
                "d", self.probes, lanes["d"].played, ran, self.oracle.passed(), "o", self.seen))
            strays = [each for each in ran.values() if not judge.MARKED.search(each.path) and each.path != "/readyz"]
            self.complaints += [f"nobody asked for {each}" for each in strays]
            for letter, way, proxy in (("n", "rongqiao behind nginx", nginx),
                                       ("h", "rongqiao behind HAProxy", haproxy)):
                self._judge(way, judge.behind(letter, self.probes, lanes[letter].played, lanes[letter].honest, ran,
                                              settled(proxy.passed)))
            table = judge.rows("d", rows.ROWS, lanes["d"].played)
            print(f"probe table: {len(rows.ROWS) - len(table)} of {len(rows.ROWS)} rows are answered as decided",
                  flush=True)
            self.complaints += [f"probe table: {probe}: {words}" for _, probe, words in table]

    def check_of_the_check(self):
        numbers = [at for at, (name, _) in enumerate(self.probes) if name in {*NAIVE_READS, *NAIVE_RUNS}]
        with Naive(self.house.certificate, self.house.key) as naive:
            nginx, haproxy = self.proxies("naive", naive.port)
            with nginx, haproxy:
                lanes = {letter: Lane(letter, port, self.context, letter in "xy") for letter, port in (
                    ("v", naive.port), ("x", nginx.port), ("y", haproxy.port))}
                play(lanes.values(), self.probes, numbers)
                ran = settled(lambda: {name: each for name, each in dict(naive.ran).items() if each.path != "/readyz"})
                found = judge.direct("v", self.probes, lanes["v"].played, ran, self.oracle.passed(), "o",
                                     self.seen)
                self._tell("a naive backend, and nginx", found)
                self._must_find("naive", found, "read otherwise", NAIVE_READS)
                for letter, way, proxy in (("x", "a naive backend behind nginx", nginx),
                                           ("y", "a naive backend behind HAProxy", haproxy)):
                    found = judge.behind(letter, self.probes, lanes[letter].played, lanes[letter].honest, ran,
                                         settled(proxy.passed))
                    self._tell(way, found)
                    self._must_find(way, found, "smuggled", NAIVE_RUNS)
                    if not found.names("wrong answers"):
                        self.complaints.append(f"{way}: the check found no answer that went to the wrong request")

    def all(self):
        print("".ljust(30) + "".join(each.rjust(16) for each in COLUMNS), flush=True)
        self.server()
        self.check_of_the_check()
        self.complaints += addresses.check(self)


def main():
    parser = argparse.ArgumentParser(prog="tests/run proxy", description=__doc__)
    parser.add_argument("--build", type=Path, default=ROOT / "build/release")
    options = parser.parse_args()
    directory = (options.build / "proxy").resolve()
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True)
    server.PROGRAM = options.build.resolve() / "rongqiao"
    with cluster.Cluster(directory) as postgres, Server(directory, postgres, server.PROGRAM) as house, \
            chain.oracle(directory / "oracle") as oracle:
        run = Run(directory, postgres, house, oracle)
        run.all()
    for complaint in run.complaints:
        print(f"proxy: {complaint}", file=sys.stderr)
    return 1 if run.complaints else 0


if __name__ == "__main__":
    sys.exit(main())
