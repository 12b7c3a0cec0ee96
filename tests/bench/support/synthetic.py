"""Synthetic products, enterprises and needs: a seed gives the same ones again. Regions and industries are real codes
of migrations/data; everything else is made up within the bounds of the API's schemas."""
import csv
import datetime
import random

from support import ROOT

DATA = ROOT / "migrations/data"
LOANS = {  # kind of finance: its share of the shelf, what secures it
    "credit_loan": (30, "none"), "order_loan": (12, "order"), "factoring": (8, "receivable"),
    "receivable_pledge": (8, "receivable"), "ip_pledge": (10, "ip"), "inventory_pledge": (6, "inventory"),
    "mortgage": (10, "property"), "guaranteed_loan": (12, "third_party"), "insured_loan": (4, "none"),
}
REPAYMENTS = ["equal_instalment", "equal_principal", "interest_first", "bullet", "revolving"]
TAGS = ["srdi", "little_giant", "high_tech", "tech_sme", "innovative_sme", "agriculture", "government_supplier"]
PURPOSES = ["working_capital", "materials", "equipment", "upgrade", "wages", "research"]
WAN = 1000000  # 10,000 yuan in fen
# GB 11714 and GB 32100: alphabets and weights of the two check characters.
ORGANISATION = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
CREDIT = "0123456789ABCDEFGHJKLMNPQRTUWXY"


def _codes(name, holds):
    with open(DATA / name, encoding="utf-8") as file:
        return [row for row in csv.DictReader(file) if holds(row)]


def uscc(region, number):
    """A unified social credit code of `region` with both check characters right."""
    body = f"MB{number:06d}"
    weighted = sum(ORGANISATION.index(c) * w for c, w in zip(body, (3, 7, 9, 10, 5, 8, 4, 2)))
    check = 11 - weighted % 11
    code = "91" + region + body + {10: "X", 11: "0"}.get(check, str(check))
    weighted = sum(CREDIT.index(c) * pow(3, i, 31) for i, c in enumerate(code))
    return code + CREDIT[(31 - weighted % 31) % 31]


class Maker:
    def __init__(self, seed):
        self.random = random.Random(seed)
        self.today = datetime.date.today()
        regions = _codes("region.csv", lambda row: row["is_zone"] == "false")
        self.counties = [row["code"] for row in regions if row["level"] == "county"]
        self.wide_regions = [row["code"] for row in regions if row["level"] != "county"]
        self.classes = [row["letter_code"] for row in _codes("industry.csv", lambda row: row["level"] == "class")]
        self.sections = sorted({code[0] for code in self.classes})

    def _chance(self, share):
        return self.random.random() < share

    def _one_of(self, weighted):
        return self.random.choices(list(weighted), [weight for weight, _ in weighted.values()])[0]

    def institution(self, number):
        kind = "guarantor" if number % 10 == 0 else "bank"
        return {"kind": kind, "name_zh": f"合成{'担保' if kind == 'guarantor' else '银行'}{number:04d}",
                "region_code": "000000" if number % 3 else self.random.choice(self.wide_regions)}

    def _rule(self, fact, op, value, hard, zh, en, repair="enterprise"):
        return {"fact": fact, "op": op, "value": value, "hard": hard, "repair": repair, "text_zh": zh, "text_en": en}

    def _rules(self):
        draw = self.random
        months, grade = draw.choice([6, 12, 24, 36]), draw.choice([["A", "B"], ["A", "B", "M"], ["A"]])
        revenue = draw.choice([50, 100, 300, 500, 1000]) * WAN
        pool = [
            self._rule("age_months", "ge", months, True, f"成立满{months}个月", f"{months} months old", "time"),
            self._rule("tax_grade", "in", grade, True, "纳税信用等级", "tax credit grade", "tax"),
            self._rule("revenue_fen", "ge", revenue, True, "年营业收入达标", "annual revenue reaches the bound"),
            self._rule("overdue_fen", "eq", 0, True, "无当前逾期", "nothing currently overdue"),
            self._rule("size_class", "in", ["micro", "small"], True, "限小微企业", "small firms only", "nobody"),
            self._rule("tags", "in", draw.sample(TAGS, 3), False, "有资质者优先", "qualified preferred", "authority"),
            self._rule("debt_ratio_ppm", "le", draw.choice([600000, 700000, 800000]), False, "资产负债率", "debt ratio"),
            self._rule("credit_enquiries_3m", "le", draw.choice([4, 6, 10]), True, "征信查询", "enquiries", "time"),
            self._rule("court_executed", "eq", False, True, "非被执行人", "not subject to execution", "court"),
            self._rule("tax_months", "ge", draw.choice([6, 12, 24]), True, "连续纳税", "months of tax paid", "time"),
        ]
        return draw.sample(pool, draw.randint(2, 6))

    def product(self, number, institutions):
        """`institutions`: ids by kind of institution."""
        draw = self.random
        if number % 12 == 0:
            return self._guarantee(number, draw.choice(institutions["guarantor"]))
        kind = self._one_of(LOANS)
        low = draw.randrange(30000, 70000, 500)
        item = {
            "institution_id": draw.choice(institutions["bank"]), "product_no": f"S{number:07d}", "kind": kind,
            "name_zh": f"合成产品{number:06d}", "name_en": f"Synthetic product {number:06d}",
            "amount_min_fen": draw.choice([1, 5, 10, 50]) * WAN,
            "amount_max_fen": draw.choice([100, 300, 500, 1000, 3000, 5000]) * WAN,
            "term_min_months": draw.choice([1, 3, 6]), "term_max_months": draw.choice([12, 24, 36, 60]),
            "rate": {"base": "fixed", "low_ppm": low, "high_ppm": low + draw.randrange(0, 30000, 500)},
            "repayments": draw.sample(REPAYMENTS, draw.randint(1, 3)),
            "regions": [] if self._chance(0.5) else draw.sample(self.wide_regions, draw.randint(1, 4)),
            "industries_in": [] if self._chance(0.7) else draw.sample(self.sections, draw.randint(3, 8)),
            "rules": self._rules(), "guarantee": "none", "promised_hours": draw.choice([8, 24, 40, 80]),
            "conditions_zh": "以银行审批为准。", "conditions_en": "As the bank approves.",
        }
        if self._chance(0.3):
            item["rate"] = {"base": "lpr_1y", "low_ppm": 0, "high_ppm": draw.randrange(5000, 25000, 500)}
        if kind == "guaranteed_loan":
            item["guarantee"] = "required"
        elif self._chance(0.2):
            item["guarantee"] = "optional"
        if self._chance(0.3):
            item["fees"] = [{"name_zh": "手续费", "name_en": "handling fee", "payee": "银行", "basis": "share",
                             "when": "upfront", "value": draw.choice([1000, 3000, 5000])}]
        if self._chance(0.2):
            srdi = self._rule("tags", "in", ["srdi", "little_giant"], True, "专精特新", "SRDI firms")
            item["tiers"] = [{"when": [srdi], "amount_max_fen": item["amount_max_fen"] * 2,
                              "rate": {"base": "fixed", "low_ppm": 29000, "high_ppm": 39000}}]
        return item

    def _guarantee(self, number, institution):
        draw = self.random
        return {
            "institution_id": institution, "product_no": f"S{number:07d}", "kind": "guarantee",
            "name_zh": f"合成担保{number:06d}", "amount_max_fen": draw.choice([500, 1000, 3000]) * WAN,
            "regions": [] if self._chance(0.4) else draw.sample(self.wide_regions, draw.randint(1, 4)),
            "rules": self._rules()[:2], "fee_ppm": draw.choice([5000, 8000, 10000]), "coverage_ppm": 800000,
            "counter_guarantee": False,
        }

    def _known(self, value, source="declared"):
        return {"value": value, "source": source, "as_of": (self.today - datetime.timedelta(30)).isoformat()}

    def enterprise(self, number):
        draw = self.random
        region = draw.choice(self.counties)
        revenue = draw.choice([80, 200, 400, 900, 2000, 5000]) * WAN
        facts = {
            "tax_grade": self._known(draw.choice(["A", "A", "B", "B", "M", "C"]), "tax"),
            "tax_months": self._known(draw.randint(3, 60), "tax"),
            "overdue_fen": self._known(0 if self._chance(0.93) else 5 * WAN, "credit"),
            "credit_enquiries_3m": self._known(draw.randint(0, 9), "credit"),
            "court_executed": self._known(False, "authority"),
            "debt_ratio_ppm": self._known(draw.randrange(200000, 900000, 10000)),
        }
        # Some facts are unknown, as they are in life.
        for name in draw.sample(sorted(facts), draw.randint(0, 2)):
            del facts[name]
        return {
            "uscc": uscc(region, number), "name": f"合成企业{number:06d}有限公司", "region_code": region,
            "industry_code": draw.choice(self.classes), "employees": draw.randint(3, 200), "revenue_fen": revenue,
            "total_assets_fen": revenue * draw.randint(5, 20) // 10, "fiscal_year": self.today.year - 1,
            "established_on": (self.today - datetime.timedelta(draw.randint(200, 5000))).isoformat(),
            "tags": [{"tag": tag, "issuer": "合成"} for tag in draw.sample(TAGS, draw.randint(0, 2))], "facts": facts,
        }

    def need(self):
        draw = self.random
        kinds = draw.sample(sorted(LOANS), draw.randint(1, 3))
        amount = draw.randrange(10, 1000) * WAN
        body = {"kinds": kinds, "amount_fen": amount, "amount_min_fen": amount * draw.randint(4, 10) // 10,
                "term_months": draw.choice([6, 12, 12, 24, 36]), "purpose": draw.choice(PURPOSES),
                "repayments": [] if self._chance(0.5) else draw.sample(REPAYMENTS, 2),
                "collateral": sorted({LOANS[kind][1] for kind in kinds} - {"none"}) or ["none"]}
        if self._chance(0.4):
            body["max_rate_ppm"] = draw.choice([50000, 60000, 80000])
        if "order_loan" in kinds:
            body["facts"] = {"contract_fen": amount * 2}
        elif "ip_pledge" in kinds:
            body["facts"] = {"ip_value_fen": amount * 3}
        return body
