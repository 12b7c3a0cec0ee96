"""Faults under load: after each, every acknowledged write is there exactly once, nothing is half done, the server has
healed by itself and /readyz told the truth. tests/run fault; see its --help. The last line is one JSON object."""
import argparse
import json
import random
import signal
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.append(str(ROOT / "tests/bench"))

import book  # noqa: E402
from faults import FAULTS, lack  # noqa: E402
from house import House  # noqa: E402
from load import Load  # noqa: E402
from readiness import Probe  # noqa: E402

HEAL_SECONDS = 90
GRACE_SECONDS = 1.2  # in which /readyz may not know yet
READY_SECONDS = 10
WRITERS = 6
HEADINGS = ("fault", "injected", "acknowledged", "tried again", "lost", "doubled", "half done", "heal s (max)")
WIDTHS = (28, 9, 13, 12, 5, 8, 10, 13)


def line(*cells):
    print("".join(str(cell).ljust(width) if at == 0 else str(cell).rjust(width)
                  for at, (cell, width) in enumerate(zip(cells, WIDTHS))), flush=True)


class Run:
    def __init__(self, house, options):
        self.house = house
        self.form = 1 if options.long else 0
        self.draw = random.Random(options.seed)
        self.wanted = options.only
        self.times = options.times
        self.complaints = []
        self.deeds = []  # of all loads
        self.faults = self.acknowledged = self.lost = self.doubled = 0
        self.heal_max = 0.0

    def complain(self, text):
        self.complaints.append(text)
        print(f"fault: {text}", file=sys.stderr, flush=True)

    def _judge(self, name, verdict):
        if not verdict.is_clean():
            self.complain(f"{name}: {verdict}")

    # A book that was changed, and a database that loses what it acknowledged: the check must find both out.

    def controls(self):
        missed = book.tamper(self.house.postgres, self.deeds)
        for each in missed:
            self.complain(f"the check did not find what was done to the book: {each}")
        lost = self._lose_commits()
        if not lost:
            self.complain("synchronous_commit=off lost nothing: the check would not see a loss")
        print(f"controls: {len(book.TAMPERINGS) - len(missed)} of {len(book.TAMPERINGS)} changes to the book found; "
              f"with synchronous_commit=off a crash lost {lost} acknowledged writes", flush=True)

    def _await_deeds(self, load, count):
        end = time.monotonic() + HEAL_SECONDS
        while len(load.ledger.deeds) < count and time.monotonic() < end:
            time.sleep(0.02)
        if len(load.ledger.deeds) < count:
            raise SystemExit(f"fault: no load: {load.ledger.wrong[:2]} {dict(load.ledger.failures)}")

    def _lose_commits(self):
        postgres = self.house.postgres
        postgres.sql("alter system set wal_writer_delay = '10s';\n"
                     "alter system set wal_writer_flush_after = '1GB';\n"
                     "alter role rongqiao_app set synchronous_commit = off;\n")
        lost = 0
        for _ in range(5):  # the first crash only brings the settings into force
            with Load(self.house) as load:
                self._await_deeds(load, 30)
                postgres.stop("immediate")
                postgres.start()
                self._await_deeds(load, len(load.ledger.deeds) + 5)
            lost = book.check(postgres, load.ledger.deeds).lost
            if lost:
                break
        return lost

    # One kind of fault, so many times.

    def _inject(self, fault, load, probe):
        """One injection; seconds to heal."""
        process = self.house.server.process
        tries_failed = sum(load.ledger.failures.values())
        time.sleep(self.draw.uniform(0.05, 0.5))
        outcome = fault.inject(self.house, fault.seconds[self.form])
        heal = load.first_done_after(outcome.over, HEAL_SECONDS)
        if heal is None:
            self.complain(f"{fault.name}: nothing was acknowledged within {HEAL_SECONDS} s")
            return HEAL_SECONDS
        if not probe.await_ready(READY_SECONDS):
            self.complain(f"{fault.name}: /readyz still says no after it healed")
        if outcome.down_from:
            lies = self._lies(probe, load, outcome)
            if lies:
                self.complain(f"{fault.name}: /readyz said ready {lies} times while nothing could be written")
        if not outcome.may_fail and sum(load.ledger.failures.values()) > tries_failed:
            self.complain(f"{fault.name}: requests failed: {dict(load.ledger.failures)}")
        if fault.keeps_process and (self.house.server.process is not process or process.poll() is not None):
            self.complain(f"{fault.name}: the server ended")
        return heal

    def _lies(self, probe, load, outcome):
        """How often /readyz said ready when for a while nothing had been written."""
        done = [deed.done for deed in load.ledger.deeds if deed.done >= outcome.down_from]
        begin, end = outcome.down_from + GRACE_SECONDS, outcome.over
        return sum(status == 200 and begin <= asked <= end
                   and not any(asked - GRACE_SECONDS <= moment <= asked + GRACE_SECONDS for moment in done)
                   for asked, status in list(probe.seen))

    def kind(self, fault):
        reason = lack(self.house, fault)
        if reason:
            line(fault.name, 0, f"({reason})")
            return
        if fault.needs == "clock":
            self.house.take_clock(True)
        times = self.times or fault.times[self.form]
        lost = doubled = half_done = checked = 0
        heal_max = 0.0
        with Probe(self.house.server) as probe, Load(self.house) as load:
            self._await_deeds(load, 1)
            for _ in range(times):
                heal_max = max(heal_max, self._inject(fault, load, probe))
                end = len(load.ledger.deeds)
                verdict = book.check(self.house.postgres, load.ledger.deeds[checked:end])
                self._judge(fault.name, verdict)
                checked = end
                lost, doubled = lost + verdict.lost, doubled + verdict.doubled
                half_done += verdict.half_done
        self.deeds += load.ledger.deeds
        verdict = book.check(self.house.postgres, self.deeds, is_quiet=True)
        self._judge(f"{fault.name}, at the end", verdict)
        for wrong in load.ledger.wrong[:3]:
            self.complain(f"{fault.name}: an answer that nobody asked for: {wrong}")
        if fault.needs == "clock":
            self.house.take_clock(False)
        line(fault.name, times, len(load.ledger.deeds), sum(load.ledger.failures.values()), max(lost, verdict.lost),
             max(doubled, verdict.doubled), max(half_done, verdict.half_done), f"{heal_max:.2f}")
        self.faults += times
        self.acknowledged += len(load.ledger.deeds)
        self.lost += max(lost, verdict.lost)
        self.doubled += max(doubled, verdict.doubled)
        self.heal_max = max(self.heal_max, heal_max)

    def all(self):
        line(*HEADINGS)
        for fault in FAULTS:
            if not self.wanted or self.wanted in fault.name:
                self.kind(fault)
        if not self.wanted:
            self.controls()


def read_options():
    parser = argparse.ArgumentParser(prog="tests/run fault", description="Faults under load.")
    parser.add_argument("--long", action="store_true", help="the counts of the long form (half an hour)")
    parser.add_argument("--build", default=str(ROOT / "build/release"), help="folder of the build (build/release)")
    parser.add_argument("--only", help="only faults whose name has this in it, without the controls")
    parser.add_argument("--times", type=int, help="how often each")
    parser.add_argument("--seed", type=int, default=5, help="of the pauses between faults (5)")
    return parser.parse_args()


def on_terminate(*_):
    raise SystemExit("fault: stopped by a signal")


def main():
    options = read_options()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, on_terminate)
    build = Path(options.build).resolve()
    with House(build / "fault", build / "rongqiao", WRITERS) as house:
        run = Run(house, options)
        run.all()
    print(json.dumps({"faults": run.faults, "acknowledged": run.acknowledged, "lost": run.lost,
                      "doubled": run.doubled, "heal_s_max": round(run.heal_max, 2)}), flush=True)
    return 1 if run.complaints else 0


if __name__ == "__main__":
    sys.exit(main())
