"""What must hold of requests that several readers have seen: none was run that was not passed on, none is read here
that nginx reads otherwise, and every answer went to its own."""
import re
from collections import Counter, defaultdict

import wire

MARKED = re.compile(r"([a-z]\d{5}[ph]{2})-")
PATH_LOGGED = 127


def mark(lane, number, is_honest=False):
    return f"{lane}{number:05}{'hh' if is_honest else 'pp'}"


def _plain(passed):
    """Without scheme, authority and query, as long as the server's log has it."""
    path = re.sub(r"^https?://[^/]*", "", passed.path, flags=re.IGNORECASE).partition("?")[0]
    return passed._replace(path=path[:PATH_LOGGED])


def _by_mark(requests):
    found = defaultdict(list)
    for passed in map(_plain, requests):
        marked = MARKED.search(passed.path)
        if marked:
            found[marked.group(1)].append(passed)
    return found


def _unmarked(passed):
    return passed._replace(path=MARKED.sub("", passed.path))


class Findings(list):
    """(kind, probe, words), and what was counted on the way."""

    def __init__(self):
        super().__init__()
        self.counted = Counter()

    def add(self, kind, probe, words):
        self.append((kind, probe, words))
        self.counted[kind] += 1

    def names(self, kind):
        return {probe for found, probe, _ in self if found == kind}


def _closed_early(received, seen):
    """nginx took a request, then ended the connection by its own will and read no further: it closes for every Connection
    field with "close" somewhere in it."""
    last = wire.answers(received)[-1:]
    return bool(last) and last[0].status == 200 and last[0].closes and seen[-1].path != "/after"


def direct(lane, probes, played, ran, oracle_passed, oracle_lane, oracle_played):
    """The backend takes what nginx takes, or less of it, and answers each once and in order."""
    findings, mine, theirs = Findings(), _by_mark(ran.values()), _by_mark(oracle_passed)
    for number, (name, _) in enumerate(probes):
        if number not in played:
            continue
        took = mine[mark(lane, number)]
        seen = [_unmarked(each) for each in theirs[mark(oracle_lane, number)]]
        read = took[:len(seen)] if _closed_early(oracle_played[number][0], seen) else took
        if [_unmarked(each) for each in read] != seen[:len(read)]:
            findings.add("read otherwise", name, f"here {[_unmarked(each) for each in took]}, nginx {seen}")
        received, ended = played[number]
        answers = wire.answers(received)
        answered = [_plain(ran[each.request_id]) for each in answers if each.request_id in ran]
        refusals = [each for each in answers if each.request_id not in ran]
        if answered != took or len(refusals) > 1 or (refusals and (answers[-1] is not refusals[0] or not ended)):
            findings.add("wrong answers", name, f"ran {took}, answered {[each.status for each in answers]}")
        findings.counted.update(probes=1, ran=len(took), passed=len(seen), refused=len(refusals))
    return findings


def behind(lane, probes, played, honest, ran, passed):
    """The backend runs nothing that its proxy has not passed on, and every answer is its asker's own."""
    findings, mine, theirs = Findings(), _by_mark(ran.values()), _by_mark(passed)
    for number, (name, _) in enumerate(probes):
        if number not in played:
            continue
        took, sent = mine[mark(lane, number)], theirs[mark(lane, number)]
        surplus = Counter(took) - Counter(sent)
        if surplus:
            findings.add("smuggled", name, f"ran {took}, passed on {sent}")
        answered = [_plain(ran[each.request_id]) for each in wire.answers(played[number][0]) if each.request_id in ran]
        order = iter(sent)
        if answered != took[:len(answered)] or not all(each in order for each in answered):
            findings.add("wrong answers", name, f"passed on {sent}, answered {answered}")
        own = mark(lane, number, is_honest=True)
        answer = honest[number]
        if answer is None or answer.request_id not in ran or f"/{own}-" not in ran[answer.request_id].path:
            got = None if answer is None else (answer.status, ran.get(answer.request_id))
            findings.add("wrong answers", name, f"the honest request {own} was answered {got}")
        if len(mine[own]) != 1:
            findings.add("smuggled", name, f"the honest request {own} ran {len(mine[own])} times")
        findings.counted.update(probes=1, ran=len(took), passed=len(sent), honest=1)
    return findings


def rows(lane, table, played):
    """Each row of the probe table is answered as it says, and the connection ended."""
    findings = Findings()
    for number, (name, _, statuses) in enumerate(table):
        received, ended = played[number]
        got = [each.status for each in wire.answers(received)]
        if got != statuses or not ended:
            findings.add("row", name, f"answered {got}{'' if ended else ', left open'}; it must be {statuses}, closed")
    return findings
