"""The demo's data as the API takes it. What the API has no field for goes into the entry's notes, in words; nothing
that a source says is dropped."""

import json
from pathlib import Path

BUSINESS_FIGURES = ("employees", "revenue_fen", "total_assets_fen")  # columns of the profile, which size the firm


def read(folder, name):
    return json.loads((Path(folder) / f"{name}.json").read_text(encoding="utf-8"))


def _without_nulls(entry):
    return {key: value for key, value in entry.items() if value is not None}


def _note(*parts, limit):
    text = "; ".join(part for part in parts if part)
    if len(text) > limit:
        raise ValueError(f"a note of {len(text)} characters, {limit} fit: {text[:80]}")
    return text


def institution(entry):
    return _without_nulls({"kind": entry["kind"], "name_zh": entry["name_zh"], "name_en": entry["name_en"],
                           "region_code": entry["region"]})


def _backing_terms(entry, names):
    """Terms of guarantees and insurances beyond the fields of a product."""
    parts = []
    if split := entry.get("risk_split_ppm"):
        parts.append("loss shared: " + ", ".join(f"{who} {ppm / 10000:g} %" for who, ppm in split.items()))
    if re_guarantee := entry.get("re_guarantee"):
        parts.append(f"re-guaranteed by {names[re_guarantee['institution']]} for {re_guarantee['fee_ppm'] / 10000:g} % "
                     f"({re_guarantee['fee_small_ppm'] / 10000:g} % up to {re_guarantee['small_max_fen'] // 100} yuan)")
    if claim := entry.get("claim"):
        parts.append(f"claim after interest arrears of {claim['interest_arrears_months']} months or principal arrears of "
                     f"{claim['principal_arrears_months']}; paid within {claim['pay_within_working_days']} working days")
    return parts


def product(entry, institutions, ids):
    """`institutions` are the entries by key, `ids` what the platform made of them."""
    owner = institutions[entry["institution"]]
    names = {key: one["name_zh"] for key, one in institutions.items()}
    own = {key: value for key, value in _without_nulls(entry).items() if key not in (
        "origin", "institution", "listed", "confidence", "as_of", "conditions_checked", "unlisted_reason_zh",
        "unlisted_reason_en", "risk_split_ppm", "re_guarantee", "claim", "capacity_fen_left", "source_note")}
    own["institution_id"] = ids[entry["institution"]]
    own.setdefault("product_no", entry["origin"])
    if entry.get("capacity_fen_left"):
        own["capacity_fen"] = entry["capacity_fen_left"]
    if entry.get("as_of"):
        own["source_date"] = entry["as_of"]
    own["source_note"] = _note(
        entry.get("source_note"),
        f"from: {entry['origin']}" if own["product_no"] != entry["origin"] else None,
        f"confidence of the source: {entry['confidence']}" if entry.get("confidence") else None,
        f"institution: {owner['note']}" if owner.get("note") else None,
        "the size of the fund is taken as its capacity a month" if entry.get("capacity_fen_left") else None,
        f"not listed: {entry['unlisted_reason_zh']} ({entry['unlisted_reason_en']})" if not entry["listed"] else None,
        *_backing_terms(entry, names), limit=2000)
    return own


def programme(entry):
    own = {key: value for key, value in _without_nulls(entry).items() if key not in (
        "key", "origin", "conditions_checked", "overdue_stop_ppm", "fund_fen", "source_note")}
    own["source_note"] = _note(
        entry.get("source_note"), f"from: {entry['origin']}",
        f"fund of {entry['fund_fen'] // 100} yuan" if entry.get("fund_fen") else None,
        f"stops at an overdue rate of {entry['overdue_stop_ppm'] / 10000:g} %" if entry.get("overdue_stop_ppm") else None,
        limit=2000)
    return own


def enterprise(entry):
    """A profile: the figures that size the firm are its columns, with their fiscal year; the rest are facts."""
    facts = entry["facts"]
    own = {"uscc": entry["uscc"], "name": entry["name"], "region_code": entry["region"],
           "industry_code": entry["industry"], "established_on": entry["established_on"],
           "tags": [{"tag": tag} for tag in entry["tags"]],
           "facts": {name: fact for name, fact in facts.items() if name not in BUSINESS_FIGURES}}
    for name in BUSINESS_FIGURES:
        if name in facts:
            own[name] = facts[name]["value"]
            own["fiscal_year"] = int(facts[name]["as_of"][:4])
    return _without_nulls(own)


def enterprise_note(entry):
    """What the platform writes down of a demo enterprise: above all whose code it is not."""
    return _note(f"credit code {entry['code_note']}", entry["source_note"], limit=500)


def need(entry):
    own = {key: value for key, value in _without_nulls(entry).items() if key not in (
        "key", "enterprise", "facts", "source_note")}
    own["facts"] = {name: fact["value"] for name, fact in entry["facts"].items()}
    own["purpose_detail"] = _note(
        entry["source_note"],
        *(f"{name} {fact['source']} as of {fact['as_of']}" for name, fact in entry["facts"].items()), limit=500)
    return own
