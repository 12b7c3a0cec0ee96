#!/usr/bin/env python3
"""Checks the reference data (migrations/data) and the demo data (deploy/demo-data) against the vocabulary,
the facts and each other. Names each problem; exits 1 when there is one.

The shape of products, rules and programmes is at the end of include/rongqiao/match.h."""
import csv
import datetime
import json
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
passed = 0
problems = []


def check(ok, where, what):
    global passed
    if ok:
        passed += 1
    else:
        problems.append(f"{where}: {what}")


def is_count(value, low=0, high=10**18):
    return isinstance(value, int) and not isinstance(value, bool) and low <= value <= high


def is_date(text):
    try:
        return datetime.date.fromisoformat(text) is not None
    except (TypeError, ValueError):
        return False


# ---- the C tables ----

def words():
    lists = {}
    text = (ROOT / "include/rongqiao/vocabulary.def").read_text(encoding="utf-8")
    for group, name in re.findall(r"^WORD\((\w+), (\w+),", text, re.M):
        lists.setdefault(group, []).append(name)
    return lists


def facts():
    text = (ROOT / "include/rongqiao/facts.def").read_text(encoding="utf-8")
    found = re.findall(r"^FACT\((\w+), (\w+), (\w+), (\w+),", text, re.M)
    return {name: (kind, group, repair) for name, kind, group, repair in found}


WORDS = words()
FACTS = facts()
COMPARISONS = {"eq", "ne", "ge", "gt", "le", "lt"}
OPS = {"money": COMPARISONS | {"ratio_ge"}, "share": COMPARISONS, "count": COMPARISONS, "months": COMPARISONS,
       "flag": {"eq", "ne"}, "word": {"eq", "ne", "in", "not_in"}, "words": {"eq", "ne", "in", "not_in", "has_all"}}
SHARES = 1_000_000


def check_word(group, value, where):
    check(value in WORDS[group], where, f"{value!r} is no word of the list {group}")


def check_words(group, values, where, empty_ok=True):
    is_list = isinstance(values, list) and (empty_ok or values) and all(isinstance(value, str) for value in values)
    check(is_list and len(set(values)) == len(values), where, f"{values!r} is no list of distinct words")
    for value in values if is_list else []:
        check_word(group, value, where)


# ---- migrations/data ----

def rows(name, head):
    path = ROOT / "migrations/data" / name
    data = path.read_bytes()
    check(b"\r" not in data and not data.startswith(b"\xef\xbb\xbf"), name, "has CR or a byte order mark")
    table = list(csv.DictReader(data.decode("utf-8").splitlines()))
    check(bool(table) and list(table[0]) == head, name, f"has not the columns {','.join(head)}")
    check(all(None not in row and None not in row.values() for row in table), name, "has a row of another width")
    return table


def check_unique(name, table, *key):
    seen = set()
    for row in table:
        value = tuple(row[column] for column in key)
        check(value not in seen, name, f"{value} is there twice")
        seen.add(value)


def check_regions():
    table = rows("region.csv", ["code", "name_zh", "name_en", "level", "parent", "is_zone"])
    check_unique("region.csv", table, "code")
    level = {row["code"]: row["level"] for row in table}
    above = {"province": None, "prefecture": "province", "county": "prefecture"}
    for row in table:
        where = f"region.csv {row['code']}"
        check(re.fullmatch(r"[0-9]{6}", row["code"]), where, "is no six-digit code")
        check(bool(row["name_zh"]), where, "has no name")
        check(row["is_zone"] in ("true", "false"), where, "is_zone is no boolean")
        check(bool(row["name_en"]) or row["is_zone"] == "true", where, "has no English name")
        check(level.get(row["parent"]) == above.get(row["level"], "?"), where, f"has the parent {row['parent']!r}")
        prefix = {"province": 0, "prefecture": 2, "county": 4}.get(row["level"], 0)
        check(row["code"][:prefix] == row["parent"][:prefix], where, "does not begin as its parent does")
    return set(level)


def check_industries():
    table = rows("industry.csv", ["code", "letter_code", "name_zh", "name_en", "level", "parent", "section"])
    check_unique("industry.csv", table, "code")
    level = {row["code"]: row["level"] for row in table}
    above = {"section": None, "division": "section", "group": "division", "class": "group"}
    for row in table:
        where = f"industry.csv {row['code']}"
        check(level.get(row["parent"]) == above.get(row["level"], "?"), where, f"has the parent {row['parent']!r}")
        letter = row["section"] if row["level"] == "section" else row["section"] + row["code"]
        check(row["letter_code"] == letter, where, f"has the letter code {row['letter_code']}")
        check(row["level"] in ("section", "division") or row["code"].startswith(row["parent"]), where,
              "does not begin as its parent does")
        check(level.get(row["section"]) == "section", where, "has no section")
    groups = {row["grp"] for row in rows("sme_group.csv", ["grp", "name_zh", "name_en"])}
    thresholds = rows("sme_threshold.csv", ["grp", "indicator", "large_min", "medium_min", "small_min"])
    check_unique("sme_threshold.csv", thresholds, "grp", "indicator")
    check({row["grp"] for row in thresholds} == groups, "sme_threshold.csv", "has other groups than sme_group.csv")
    for row in thresholds:
        where = f"sme_threshold.csv {row['grp']} {row['indicator']}"
        check(row["indicator"] in ("emp", "rev", "ast"), where, "is no indicator")
        check(int(row["large_min"]) > int(row["medium_min"]) > int(row["small_min"]) > 0, where, "does not fall")
    classes = rows("industry_sme_group.csv", ["code", "grp"])
    check_unique("industry_sme_group.csv", classes, "code")
    for row in classes:
        check(level.get(row["code"]) == "class" and row["grp"] in groups, f"industry_sme_group.csv {row['code']}",
              "is no class, or its group is unknown")
    vectors = ROOT / "tests/data/sme/sme_test_vectors.csv"
    with vectors.open(encoding="utf-8", newline="") as file:
        for number, row in enumerate(csv.DictReader(file), 2):
            check(size_of(row, thresholds) == row["expected"], f"sme_test_vectors.csv:{number}",
                  f"is {size_of(row, thresholds)} by the thresholds, not {row['expected']}")
    return {row["letter_code"]: row["level"] for row in table}


def size_of(row, thresholds):
    """The size class: the least tier over the group's indicators."""
    column = {"emp": "employees", "rev": "revenue_10k", "ast": "assets_10k"}
    tiers = [sum(float(row[column[t["indicator"]]]) >= int(t[low]) for low in ("large_min", "medium_min", "small_min"))
             for t in thresholds if t["grp"] == row["group"]]
    return ("micro", "small", "medium", "large")[min(tiers)]


def check_other_tables():
    lpr = rows("lpr.csv", ["published_on", "lpr_1y_ppm", "lpr_5y_ppm"])
    check_unique("lpr.csv", lpr, "published_on")
    for before, row in zip([None] + lpr, lpr):
        where = f"lpr.csv {row['published_on']}"
        check(is_date(row["published_on"]), where, "is no date")
        check(before is None or before["published_on"] < row["published_on"], where, "is out of order")
        check(before is None or month_number(row) == month_number(before) + 1, where, "skips a month")
        check(20000 <= int(row["lpr_1y_ppm"]) < int(row["lpr_5y_ppm"]) <= 60000, where, "is out of range")
    holidays = rows("holiday.csv", ["day", "is_workday", "name"])
    check_unique("holiday.csv", holidays, "day")
    for row in holidays:
        where = f"holiday.csv {row['day']}"
        weekday = datetime.date.fromisoformat(row["day"]).isoweekday() < 6
        check(row["is_workday"] == ("false" if weekday else "true"), where, "says what the weekday says already")
        check(bool(row["name"]), where, "has no name")
    check({row["day"] for row in holidays} == announced_days(), "holiday.csv", "has other days than the notices: "
          + ", ".join(sorted({row["day"] for row in holidays} ^ announced_days())))
    refusals = rows("refusal_reason.csv", ["code", "name_zh", "name_en", "repairable", "repair_by", "steps_zh",
                                           "steps_en", "text_min"])
    check([row["code"] for row in refusals] == [f"R{n:02}" for n in range(1, 25)], "refusal_reason.csv",
          "is not R01 to R24")
    for row in refusals:
        where = f"refusal_reason.csv {row['code']}"
        check_word("repair", row["repair_by"], where)
        check((row["repairable"] == "true") == (row["repair_by"] != "nobody"), where, "repairable and repair_by differ")
        check(row["text_min"] == ("20" if row["code"] == "R24" else "10"), where, "has another text_min")
        check(all(row.values()), where, "has an empty field")


# What the notices say, written anew: first day and length of each holiday, and the make-up workdays.
NOTICES = {
    2025: ([("01-01", 1), ("01-28", 8), ("04-04", 3), ("05-01", 5), ("05-31", 3), ("10-01", 8)],
           ["01-26", "02-08", "04-27", "09-28", "10-11"]),
    2026: ([("01-01", 3), ("02-15", 9), ("04-04", 3), ("05-01", 5), ("06-19", 3), ("09-25", 3), ("10-01", 7)],
           ["01-04", "02-14", "02-28", "05-09", "09-20", "10-10"]),
}


def announced_days():
    """Every day on which a notice overturns what the day of the week says."""
    found = set()
    for year, (holidays, make_up) in NOTICES.items():
        found |= {f"{year}-{day}" for day in make_up}
        for start, length in holidays:
            first = datetime.date.fromisoformat(f"{year}-{start}")
            days = [first + datetime.timedelta(number) for number in range(length)]
            found |= {day.isoformat() for day in days if day.isoweekday() < 6}
    return found


def month_number(row):
    year, month, _ = row["published_on"].split("-")
    return int(year) * 12 + int(month)


# ---- deploy/demo-data ----

class Item:
    """One object of a demo file: where it is, and which keys were asked for."""

    def __init__(self, where, value):
        self.where, self.value, self.asked = where, value, set()

    def get(self, key, default=None):
        self.asked.add(key)
        return self.value.get(key, default)

    def need(self, key, kind):
        value = self.get(key)
        check(isinstance(value, kind) and value != "", self.where, f"{key} is missing or of another type")
        return value

    def number(self, key, low=0, high=10**18):
        value = self.get(key)
        check(value is None or is_count(value, low, high), self.where, f"{key} is {value!r}")
        return value

    def done(self):
        left = set(self.value) - self.asked
        check(not left, self.where, f"has unknown keys {', '.join(sorted(left))}")


def load(name, label):
    text = (ROOT / "deploy/demo-data" / name).read_text(encoding="utf-8")
    return [Item(f"{name} {value.get(label, number)}", value) for number, value in enumerate(json.loads(text))]


def check_fact(name, value, where):
    kind, group, _ = FACTS[name]
    if kind == "flag":
        check(isinstance(value, bool), where, f"{name} is no boolean")
    elif kind == "word":
        check_word(group, value, where)
    elif kind == "words":
        check_words(group, value, where)
    else:
        check(is_count(value), where, f"{name} is no number")


def check_rules(rules, where):
    check(isinstance(rules, list) and len(rules) <= 64, where, "rules are no list of at most 64")
    for value in rules or []:
        rule = Item(f"{where} rule {value.get('fact')}", value)
        fact, op, limit = rule.get("fact"), rule.get("op"), rule.get("value")
        check(fact in FACTS, rule.where, "is no fact")
        if fact not in FACTS:
            continue
        kind, group, _ = FACTS[fact]
        check(op in OPS[kind], rule.where, f"{op!r} is no operator of the type {kind}")
        if op in ("in", "not_in", "has_all"):
            check_words(group, limit, rule.where, empty_ok=False)
        elif op == "ratio_ge":
            check(is_count(limit, 1, 10**9), rule.where, f"has the ratio {limit!r}")
        else:
            check_fact(fact, limit, rule.where)
        check(isinstance(rule.get("hard"), bool), rule.where, "hard is no boolean")
        check(is_count(rule.get("weight", 1), 1, 100), rule.where, "has a weight out of 1..100")
        check_word("repair", rule.get("repair"), rule.where)
        for key in ("text_zh", "text_en"):
            rule.need(key, str)
        rule.done()


def check_rate(rate, where):
    if rate is None:
        return
    item = Item(f"{where} rate", rate)
    check(item.get("base") in ("fixed", "lpr_1y", "lpr_5y"), item.where, "has no base")
    low, high = item.number("low_ppm", 0, SHARES), item.number("high_ppm", 0, SHARES)
    check(low is not None or high is not None, item.where, "has no end")
    check(low is None or high is None or low <= high, item.where, "is upside down")
    item.done()


def check_regions_served(item, regions):
    served = item.need("regions", list)
    for code in served or []:
        check(code in regions, item.where, f"region {code!r} does not exist")


def check_source(item):
    url = item.get("source_url")
    check(url is None or re.match(r"https?://[^ ]+$", url), item.where, f"source_url is {url!r}")
    item.need("source_note", str)
    item.need("origin", str)
    check((item.get("conditions_zh") is None) == (item.get("conditions_en") is None), item.where,
          "has conditions in one language only")
    check((item.get("conditions_zh") is None) == (item.get("conditions_checked") is None), item.where,
          "conditions are not marked")
    check(item.get("conditions_checked") in (None, False), item.where, "conditions_checked is not false")


SELLERS = {"guarantee": {"guarantor"}, "insurance": {"insurer"}, "factoring": {"factor", "bank"}, "bridge": {"fund"}}


def check_product(item, institutions, regions, industries):
    kind = item.get("kind")
    check_word("kind", kind, item.where)
    seller = institutions.get(item.get("institution"))
    check(seller in SELLERS.get(kind, {"bank"}), item.where, f"is sold by {seller}")
    for key in ("name_zh", "name_en"):
        item.need(key, str)
    low, high = item.number("amount_min_fen", 1, 10**13), item.number("amount_max_fen", 1, 10**13)
    check(low is None or high is None or low <= high, item.where, "amounts are upside down")
    for unit, most in (("months", 360), ("days", 366)):
        low, high = item.number(f"term_min_{unit}", 1, most), item.number(f"term_max_{unit}", 1, most)
        check(low is None or high is None or low <= high, item.where, f"terms in {unit} are upside down")
        check(unit == "months" or kind == "bridge" or (low is None and high is None), item.where, "has days")
    check_rate(item.get("rate"), item.where)
    check_words("repayment", item.get("repayments", []), item.where)
    check_regions_served(item, regions)
    for key in ("industries_in", "industries_out"):
        for code in item.get(key, []):
            check(code in industries, item.where, f"industry {code!r} does not exist")
    check_rules(item.get("rules"), item.where)
    for number, value in enumerate(item.get("tiers", [])):
        tier = Item(f"{item.where} tier {number}", value)
        check_rules(tier.get("when"), tier.where)
        amount = tier.number("amount_max_fen", 1, 10**13)
        check_rate(tier.get("rate"), tier.where)
        check(amount is not None or tier.get("rate") is not None or tier.get("term_max_months") is not None,
              tier.where, "changes nothing")
        check(tier.get("needs_guarantee", False) in (True, False), tier.where, "needs_guarantee is no boolean")
        check(not tier.get("needs_guarantee") or item.get("guarantee") != "none", tier.where,
              "needs a guarantee that the product does not take")
        tier.done()
    for key in ("guarantee", "insurance"):
        backing = item.get(key)
        check(backing in ((None,) if kind in ("guarantee", "insurance") else ("none", "optional", "required")),
              item.where, f"{key} is {backing!r}")
    check(kind != "insured_loan" or item.get("insurance") == "required", item.where, "is insured without insurance")
    item.number("promised_hours", 1, 2400)
    last = 0
    for value in item.get("day_fees", []):
        step = Item(f"{item.where} day fee", value)
        day = step.number("up_to_day", last + 1, 366)
        step.number("ppm_per_day", 0, SHARES)
        last = day or last
        step.done()
    check(kind == "bridge" or not item.get("day_fees"), item.where, "has day fees")
    item.number("fee_ppm", 0, SHARES)
    item.number("coverage_ppm", 0, SHARES)
    check(item.get("counter_guarantee") in (None, True, False), item.where, "counter_guarantee is no boolean")
    item.number("capacity_fen_left", 1)
    listed = item.get("listed")
    check(isinstance(listed, bool), item.where, "listed is no boolean")
    for key in ("unlisted_reason_zh", "unlisted_reason_en"):
        check(isinstance(item.get(key), str) == (listed is False), item.where, f"{key} and listed differ")
    check_source(item)


def check_institutions(regions):
    found = {}
    names = set()
    for item in load("institutions.json", "key"):
        key = item.need("key", str)
        check(re.fullmatch(r"[a-z][a-z0-9_]*", key or ""), item.where, "has a key of other characters")
        check(key not in found, item.where, "is there twice")
        found[key] = item.get("kind")
        check(found[key] in ("bank", "guarantor", "re_guarantor", "insurer", "factor", "fund"), item.where,
              "has no kind")
        name = item.need("name_zh", str)
        check(2 <= len(name or "") <= 120 and name not in names, item.where, "has a name too short, too long or taken")
        names.add(name)
        made = (key or "").startswith("demo_")
        check(made == ("示例" in (name or "")), item.where, "does not say 示例 when it is made")
        item.get("name_en")
        check(item.get("region") in regions | {"000000"}, item.where, "has no region")
        item.get("note")
        item.done()
    return found


def check_products(institutions, regions, industries):
    origins = []
    for item in load("products.json", "origin"):
        check_product(item, institutions, regions, industries)
        origins.append(item.get("origin"))
        item.get("as_of")
        check(item.get("confidence") in ("A", "B", "C"), item.where, "has no confidence")
        item.done()
    check(len(set(origins)) == len(origins), "products.json", "has an origin twice")
    check(set(origins) >= {f"R{n:03}" for n in range(1, 70)}, "products.json", "lacks a row of R001 to R069")
    numbers = set()
    for item in load("guarantees.json", "product_no"):
        check_product(item, institutions, regions, industries)
        number = item.need("product_no", str)
        check(number not in numbers and number not in origins, item.where, "is there twice")
        numbers.add(number)
        check("示例" in (item.get("name_zh") or ""), item.where, "does not say 示例")
        split = item.get("risk_split_ppm")
        check((split is not None) == (item.get("kind") == "guarantee"), item.where, "split of the risk and kind differ")
        check(split is None or sum(split.values()) == SHARES, item.where, "the split of the risk is not 100 %")
        borne = None if split is None else SHARES - split["bank"]
        check(borne in (None, item.get("coverage_ppm")), item.where, "split and coverage differ")
        again = item.get("re_guarantee")
        partner = "re_guarantor" if again is None else institutions.get(again["institution"])
        check(partner == "re_guarantor", item.where, "has no re-guarantor")
        item.get("claim")
        check(item.get("as_of") is None or is_date(item.get("as_of")), item.where, "as_of is no date")
        item.done()


def check_programmes(regions):
    keys = set()
    for item in load("programmes.json", "key"):
        key = item.need("key", str)
        check(key not in keys, item.where, "is there twice")
        keys.add(key)
        kind = item.get("type")
        check(kind in ("interest_subsidy", "fee_subsidy", "risk_pool", "bridge_fund"), item.where, "has no type")
        for name in ("name_zh", "name_en"):
            item.need(name, str)
        check_words("kind", item.get("kinds"), item.where)
        check_regions_served(item, regions)
        check_rules(item.get("rules"), item.where)
        share, points = item.number("share_ppm", 1, SHARES), item.number("points_ppm", 1, SHARES)
        check(share is None or points is None, item.where, "has a share and points")
        check(not kind.endswith("subsidy") or share is not None or points is not None, item.where, "subsidises nothing")
        for number in ("cap_fen", "fund_fen", "overdue_stop_ppm"):
            item.number(number, 1)
        for day in ("valid_from", "valid_to"):
            check(item.get(day) is None or is_date(item.get(day)), item.where, f"{day} is no date")
        check_source(item)
        item.done()


ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"


def uscc_problem(code):
    """What GB 32100 and GB 11714 say against a unified social credit code, or None."""
    if not re.fullmatch(rf"[{ALPHABET}]{{2}}[0-9]{{6}}[{ALPHABET}]{{10}}", code):
        return "has another form"
    weights = (3, 7, 9, 10, 5, 8, 4, 2)
    value = 11 - sum(int(c, 36) * w for c, w in zip(code[8:16], weights)) % 11
    if code[16] != {10: "X", 11: "0"}.get(value, str(value)):
        return "fails GB 11714"
    total = sum(ALPHABET.index(c) * pow(3, i, 31) for i, c in enumerate(code[:17]))
    return None if ALPHABET.index(code[17]) == (31 - total % 31) % 31 else "fails GB 32100"


def check_fact_values(item, of_need):
    values = item.need("facts", dict) or {}
    own = set(list(FACTS)[:list(FACTS).index("debtor_confirmed") + 1])
    for name, value in values.items():
        where = f"{item.where} fact {name}"
        check(name in FACTS and (name in own) == of_need, where, "is no fact of this side")
        if name not in FACTS:
            continue
        check(set(value) == {"value", "source", "as_of"}, where, "has other keys than value, source, as_of")
        check_fact(name, value.get("value"), where)
        check_word("source", value.get("source"), where)
        check(is_date(value.get("as_of")), where, "as_of is no date")
    return values


def check_enterprises(regions, industries):
    keys = set()
    codes = set()
    for item in load("enterprises.json", "key"):
        key = item.need("key", str)
        check(key not in keys, item.where, "is there twice")
        keys.add(key)
        name = item.need("name", str) or ""
        code = item.need("uscc", str) or ""
        check(uscc_problem(code) is None, item.where, f"{code} {uscc_problem(code)}")
        check(code not in codes, item.where, f"{code} is taken")
        codes.add(code)
        check(code[2:8] == item.get("region") and code[2:8] in regions, item.where, "code and region differ")
        item.need("code_note", str)
        check(industries.get(item.get("industry")) == "class", item.where, "has no class of industry")
        check_words("tag", item.get("tags"), item.where)
        check(("self_employed" in item.get("tags")) == code.startswith("92"), item.where, "code and tags differ")
        values = check_fact_values(item, of_need=False)
        made = "示例" in name
        check(made or not values, item.where, "gives figures of a real enterprise")
        check(not {"size_class", "tags", "age_months"} & set(values), item.where, "declares what is computed")
        day = item.get("established_on")
        check(is_date(day) if made else day is None, item.where, "established_on is no date, or not from the source")
        item.need("source_note", str)
        item.done()
    return keys


def check_needs(enterprises):
    for item in load("needs.json", "key"):
        item.need("key", str)
        check(item.get("enterprise") in enterprises, item.where, "is of no enterprise")
        kinds = item.get("kinds")
        check_words("kind", kinds, item.where, empty_ok=False)
        check(not {"guarantee", "insurance"} & set(kinds or []), item.where, "asks for backing alone")
        amount, least = item.number("amount_fen", 100_000, 100_000_000_000), item.number("amount_min_fen", 100_000)
        check(amount is not None and least is not None and least <= amount, item.where, "amounts are upside down")
        bridge = kinds == ["bridge"]
        months, days = item.number("term_months", 1, 360), item.number("term_days", 1, 30)
        check((days is not None) == bridge and (months is not None) != bridge, item.where, "has another unit of term")
        item.number("max_rate_ppm", 0, 240_000)
        check_word("purpose", item.get("purpose"), item.where)
        check((item.get("purpose") == "repay_maturing") == bridge, item.where, "purpose and kind differ")
        check_words("repayment", item.get("repayments"), item.where)
        check_words("collateral", item.get("collateral"), item.where, empty_ok=False)
        check_fact_values(item, of_need=True)
        item.need("source_note", str)
        item.done()


def main():
    regions = check_regions()
    industries = check_industries()
    check_other_tables()
    institutions = check_institutions(regions)
    check_products(institutions, regions, industries)
    check_programmes(regions)
    check_needs(check_enterprises(regions, industries))
    for problem in problems:
        print(problem)
    print(f"{passed} passed, {len(problems)} failed")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
