"""The whole main job over HTTPS, driven as its users would: needs and their matches, applications, offers, guarantees,
refusals with their repair, money, the authority's and the auditor's view."""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

import demo_cases as cases
import demo_load
import demo_words as words
from demo_client import Failure, Platform
from demo_cases import must


@dataclass
class Tally:
    """What was driven; PostgreSQL must count the same."""

    needs: int = 0
    matches: int = 0
    applications: int = 0
    offers: int = 0
    refusals: int = 0
    guarantees: int = 0
    guarantee_approved: int = 0
    guarantee_refused: int = 0
    funded: int = 0
    funded_amount_fen: int = 0
    eligible_by_need: dict = field(default_factory=dict)
    state_by_need: dict = field(default_factory=dict)
    digest_by_need: dict = field(default_factory=dict)

    def counts(self):
        own = {key: value for key, value in asdict(self).items() if isinstance(value, int)}
        return {**own, "eligible_packages": sum(self.eligible_by_need.values())}


class Story:
    def __init__(self, world):
        self.world = world
        self.tally = Tally()
        self.needs = {}
        self.matches = {}

    def person(self, login):
        return self.world.person(login)

    def owner(self, key):
        return self.person(demo_load.login_of(self.world.needs[key]["enterprise"]))

    def note_match(self, person, need, show=True):
        """Reads the stored match of a need, counts it and tells it."""
        result = person.get(f"/v1/needs/{need['id']}/matches").body
        self.tally.matches += 1
        self.tally.eligible_by_need[need["id"]] = len(result["eligible"])
        self.tally.digest_by_need[need["id"]] = result["digest"]
        if show:
            words.match(need, result)
        return result

    def package(self, key, product_no, kind="eligible"):
        wanted = self.world.product_ids[product_no]
        for one in self.matches[key][kind]:
            if one["product"]["id"] == wanted:
                return one
        raise Failure(f"{product_no} is not among the {kind} packages of {key}")

    def post(self, key):
        need = demo_load.post_need(self.world, key).body
        self.tally.needs += 1
        must(need["state"] == "open", f"the need {key} is {need['state']}, not open")
        self.needs[key] = need
        self.matches[key] = self.note_match(self.owner(key), need)


def post_needs(story):
    words.heading("主管部门确认疫情防控重点保障企业 / the authority of Hubei confirms the key enterprise")
    reply = demo_load.confirm_epidemic_key(story.world)
    must({"tag": "epidemic_key", "source": "authority"}.items() <= reply["tags"][0].items(), "the tag is not confirmed")
    words.say(f"authority-hb: {reply['name']} epidemic_key, {reply['tags'][0]['issuer']}")
    words.heading("企业发布融资需求，系统匹配 / enterprises post needs, the server matches")
    for key in story.world.needs:
        story.post(key)
    must(story.needs["N07"]["green_channel"] == "key_list", "the key enterprise is not on the green channel")
    words.say(f"绿色通道 / green channel: {story.needs['N07']['enterprise']['name']} ({story.needs['N07']['deadline_at']})")


def intellectual_property(story):
    """3,000 万 in Guangzhou: one bank applied to, one that claims; a counter-offer; the other offer closes."""
    words.heading("知识产权质押 3,000 万元（广州）/ 30 million yuan against intellectual property in Guangzhou")
    tally, need = story.tally, story.needs["N03"]
    enterprise = story.owner("N03")
    maker, checker = story.person("spdb-guangzhou-maker"), story.person("spdb-guangzhou-checker")
    profile = f"/v1/enterprises/{need['enterprise']['id']}"
    maker.get(profile, expect=404)
    words.say("申请之前，银行看不到企业档案 / before the application the bank cannot read the profile: 404")
    application = cases.apply(enterprise, need, story.package("N03", "C01"), tally)
    maker.get(profile, expect=200)
    words.say("申请之后可以 / after it, it can: 200")
    application = cases.move(maker, "applications", application, "investigate", "investigating")
    first = cases.propose(maker, application, {"amount_fen": need["amount_fen"], "term_months": 12, "rate": {
        "base": "lpr_1y", "value_ppm": 8500}, "collateral_required": "企业名下专利、商标质押登记"}, tally)
    cases.cannot(maker, f"/v1/offers/{first['id']}/approve", "forbidden", "（经办）想审批 / the maker tries to approve")
    first = cases.approve(checker, first)

    rival = story.person("boc-both")
    claim = rival.post("/v1/applications", {"need_id": need["id"]}, expect=201).body
    tally.applications += 1
    must(claim["origin"] == "claim" and claim["enterprise"] is None, "a claim already shows who the enterprise is")
    words.say("boc-both: 接单，企业身份仍不可见 / claims the open need; who it is stays hidden")
    second = cases.propose(rival, claim, {"amount_fen": need["amount_fen"], "term_months": 12, "rate": {
        "base": "lpr_1y", "value_ppm": 14500}, "fees": [{"name_zh": "评估费", "name_en": "appraisal", "basis": "fixed",
                                                         "when": "upfront", "value": 6000000}]}, tally)
    cases.cannot(rival, f"/v1/offers/{second['id']}/approve", "maker_cannot_check",
                 "（兼有审批角色）想批自己的方案 / who also holds the checker's role tries to approve his own")
    second = cases.approve(story.person("boc-checker"), second)

    first = cases.read(enterprise, "offers", first)
    cases.move(enterprise, "offers", first, "counter", "countered", {
        "rate_ppm": 36000, "note": "已有他行报价，希望利率降至3.6%"})
    better = cases.propose(maker, cases.read(maker, "applications", application), {
        "amount_fen": need["amount_fen"], "term_months": 12, "rate": {"base": "lpr_1y", "value_ppm": 6000},
        "collateral_required": "企业名下专利、商标质押登记"}, tally)
    must(better["round"] == 2, f"the second offer is of round {better['round']}")
    better = cases.approve(checker, better)
    accept(story, enterprise, better)
    second = cases.read(story.person("boc-checker"), "offers", second)
    must(second["state"] == "not_chosen", f"the competing offer is {second['state']}")
    words.say(f"竞争方案关闭 / the competing offer closes: {second['state_zh']} / {second['state_en']}")
    better, story.needs["N03"] = cases.fund(checker, enterprise, cases.read(checker, "offers", better), need, tally)


def accept(story, enterprise, offer):
    """Accepts, and repeats the same request: the first answer comes again and nothing happens twice."""
    offer = cases.read(enterprise, "offers", offer)
    path, key = f"/v1/offers/{offer['id']}/accept", f"accept-{offer['id']}"
    first = enterprise.post(path, expect=200, key=key)
    must(first["state"] == "accepted", f"accepting led to {first['state']}")
    words.say(f"{enterprise.login}: 接受 / accepts {words.offer(first.body)}")
    again = enterprise.post(path, expect=200, key=key)
    must(again.headers.get("idempotent-replayed") == "true" and again.body == first.body, "the replay differs")
    words.say("同一请求重发，得到首次答复 / the same request again gets the first answer: Idempotent-Replayed: true")


def guaranteed(story):
    """A loan that needs a guarantee: no contract without it; the guarantor's checker is another person."""
    words.heading("担保贷款（济南）/ a guaranteed loan in Jinan")
    tally, need, enterprise = story.tally, story.needs["N05"], story.owner("N05")
    maker, checker = story.person("qingdao-bank-maker"), story.person("qingdao-bank-checker")
    reviewer, decider = story.person("demo-guarantor-sd-reviewer"), story.person("demo-guarantor-sd-checker")
    package = story.package("N05", "R016")
    application = cases.apply(enterprise, need, package, tally)
    application = cases.move(maker, "applications", application, "investigate", "investigating")
    case = cases.ask_guarantee(enterprise, application, package["guarantee"]["id"], tally)
    offer = cases.propose(maker, application, {
        "amount_fen": need["amount_fen"], "term_months": 12, "rate": {"base": "fixed", "value_ppm": 34500},
        "guarantee_required": True}, tally)
    offer = cases.approve(checker, offer)
    accept(story, enterprise, offer)
    offer = cases.read(checker, "offers", offer)
    reply = checker.post(f"/v1/offers/{offer['id']}/contract", {"contract_no": "HT-TOO-EARLY"}, expect=409)
    must(reply["code"] == "guarantee_missing", f"refused as {reply['code']}")
    words.say(f"担保未同意前不能签约 / no contract before the guarantee: {words.refusal(reply)}")
    case = cases.guarantee_review(reviewer, case)
    case = cases.move(reviewer, "guarantee-cases", case, "propose", "pending_approval", {
        "fee_ppm": 8000, "fee_paid_by": "enterprise", "share_bank_ppm": 200000, "share_direct_ppm": 400000,
        "share_province_ppm": 200000, "share_national_ppm": 200000, "note": "经营正常，不要求反担保"})
    cases.cannot(reviewer, f"/v1/guarantee-cases/{case['id']}/approve", "forbidden",
                 "（尽调）想审批 / the reviewer tries to approve")
    case = cases.move(decider, "guarantee-cases", case, "approve", "approved")
    tally.guarantee_approved += 1
    words.say(f"担保同意 / guaranteed: {words.percent(case['fee_ppm'])}, 分担 / shares {case['shares']}")
    case = cases.move(decider, "guarantee-cases", case, "take_effect", "effective", {"effective_on": cases.today()})
    offer, story.needs["N05"] = cases.fund(checker, enterprise, offer, need, tally)


def refused(story):
    """A guarantee refused, then the bank's refusal, each with its reason and the way to repair it; and the repair."""
    words.heading("担保与银行拒绝，附原因和修复步骤（绍兴）/ refusals with reasons and the way to repair them")
    tally, need, enterprise = story.tally, story.needs["N08"], story.owner("N08")
    maker, checker = story.person("icbc-maker"), story.person("icbc-checker")
    reviewer, decider = story.person("demo-guarantor-zj-reviewer"), story.person("demo-guarantor-zj-checker")
    package = story.package("N08", "R005")
    application = cases.apply(enterprise, need, package, tally)
    application = cases.move(maker, "applications", application, "investigate", "investigating")
    case = cases.ask_guarantee(enterprise, application, package["guarantee"]["id"], tally)
    case = cases.guarantee_review(reviewer, case)
    case = cases.move(reviewer, "guarantee-cases", case, "propose_refusal", "refusal_pending", {
        "reason_code": "R15", "reason_text": "未提供近24个月银行流水，无法核实经营现金流"})
    case = cases.move(decider, "guarantee-cases", case, "refuse", "refused")
    tally.guarantee_refused += 1
    words.reason(cases.read(enterprise, "guarantee-cases", case)["reason"])
    application = cases.move(maker, "applications", application, "propose_refusal", "refusal_pending", {
        "reason_code": "R11", "reason_text": "担保机构未同意担保，超出信用额度部分无法办理"})
    cases.cannot(maker, f"/v1/applications/{application['id']}/refuse", "forbidden",
                 "（经办）想复核 / the maker tries to confirm the refusal")
    application = cases.move(checker, "applications", application, "refuse", "refused")
    tally.refusals += 1
    seen = cases.read(enterprise, "applications", application)
    must(seen["reason"]["code"] == "R11" and seen["reason"]["steps_zh"], "the enterprise does not see the reason")
    words.reason(seen["reason"])
    need = cases.read(enterprise, "needs", need)
    must(need["state"] == "unmet", f"the need is {need['state']}, not on the repair list")
    words.say(f"需求进入修复清单 / the need is on the repair list: {need['state_zh']} / {need['state_en']}")
    record(enterprise, need, {"receipts_months": {"value": 24, "source": "declared", "as_of": cases.today(-1)}})
    before = story.tally.eligible_by_need[need["id"]]
    after = rematch(story, enterprise, need)
    must(len(after["eligible"]) > before, "the repair opened no package")
    story.needs["N08"] = cases.move(enterprise, "needs", cases.read(enterprise, "needs", need), "reopen", "open")


def record(enterprise, need, facts):
    enterprise.post(f"/v1/enterprises/{need['enterprise']['id']}/facts", {"facts": facts}, expect=200)
    words.say(f"{enterprise.login}: 登记缺失的事实 / records the missing facts: {', '.join(facts)}")


def rematch(story, enterprise, need):
    before = story.tally.eligible_by_need[need["id"]]
    enterprise.post(f"/v1/needs/{need['id']}/matches", expect=200)
    result = story.note_match(enterprise, need, show=False)
    words.say(f"重新匹配，可办方案 / matched again, eligible: {before} -> {len(result['eligible'])}")
    for package in result["eligible"][:2]:
        words.package(package)
    return result


def green_channel(story):
    words.heading("绿色通道：疫情防控重点保障企业（武汉）/ green channel: a key enterprise in Wuhan")
    tally, need, enterprise = story.tally, story.needs["N07"], story.owner("N07")
    maker, checker = story.person("ccb-maker"), story.person("ccb-checker")
    application = cases.apply(enterprise, need, story.package("N07", "R035"), tally)
    must(application["green_channel"] == "key_list", "the application is not on the green channel")
    application = cases.move(maker, "applications", application, "investigate", "investigating")
    offer = cases.propose(maker, application, {
        "amount_fen": 500000000, "term_months": 12, "rate": {"base": "fixed", "value_ppm": 31500}}, tally)
    offer = cases.approve(checker, offer)
    accept(story, enterprise, offer)
    offer, story.needs["N07"] = cases.fund(checker, enterprise, cases.read(checker, "offers", offer), need, tally)


def verified_by_hand(story):
    """A code that fails its check is not lost; and a need without a match becomes one by one missing fact."""
    words.heading("信用代码校验不通过：人工核验；缺一项事实：补齐后可办（连云港）/ a code that fails its check, a fact that is missing")
    world, tally = story.world, story.tally
    good = world.enterprises["logistics"]["uscc"]
    wrong = good[:8] + "MAYYYY171" + ("0" if good[-1] != "0" else "1")
    world.person("operator").post("/v1/users", {
        "login": "teaching-aids", "name": "企业经办人", "password": world.password, "roles": ["enterprise"]}, expect=201)
    enterprise = story.person("teaching-aids")
    profile = enterprise.post("/v1/enterprises", {
        "uscc": wrong, "uscc_confirmed": True, "name": "示例教具（连云港）有限公司", "region_code": "320706", "industry_code": "C2411",
        "established_on": "2019-05-06", "employees": 38, "revenue_fen": 910000000, "total_assets_fen": 640000000,
        "fiscal_year": 2025, "main_business": "教具制造（演示数据；代码为演示生成，校验位有误）"}, expect=201).body
    must(profile["verification"] == "pending" and profile["uscc_check"] != "ok", "the wrong code was taken for a right one")
    words.say(f"{wrong}: {profile['uscc_check']}, 待人工核验 / waits for a person")
    need = enterprise.post("/v1/needs", {
        "kinds": ["order_loan"], "amount_fen": 60000000, "term_months": 12, "purpose": "materials",
        "collateral": ["order"]}, expect=201).body
    tally.needs += 1
    must(need["state"] == "checking", f"the need is {need['state']}, not waiting")
    first = story.note_match(enterprise, need)
    must(not first["eligible"], "there is a match already")
    reply = story.person("authority-js").post(f"/v1/enterprises/{profile['id']}/verify", {
        "verification": "verified", "note": "核对营业执照原件：第18位录入有误，主体真实"}, expect=200)
    must(reply["verification"] == "verified" and reply["needs_opened"] == 1, "the waiting need did not open")
    words.say("authority-js: 人工核验通过，需求开放 / verified by hand, the need opens")
    record(enterprise, need, {"contract_fen": {"value": 80000000, "source": "declared", "as_of": cases.today(-1)}})
    must(rematch(story, enterprise, need)["eligible"], "the fact opened no package")
    story.needs["hand"] = cases.read(enterprise, "needs", need)


def debtor_confirms(story):
    words.heading("债务人确权后，保理可办（重庆）/ the debtor confirms, and factoring opens")
    enterprise, need = story.owner("N09"), story.needs["N09"]
    before = story.tally.eligible_by_need[need["id"]]
    record(enterprise, need, {"debtor_confirmed": {"value": True, "source": "declared", "as_of": cases.today(-1)}})
    must(len(rematch(story, enterprise, need)["eligible"]) > before, "the confirmation opened no package")


def authority_view(story):
    words.heading("主管部门看本地区 / what the authorities see of their regions")
    for login, region in (("authority-gd", "44"), ("authority-hb", "42")):
        authority = story.person(login)
        total = authority.get("/v1/statistics")["total"]
        words.say(f"{login}: 需求 / needs {total['needs']} ({words.money(total['needs_fen'])}), 匹配 / matched "
                  f"{total['matched']}, 有方案 / offered {total['offered']}, 担保 / guaranteed {total['guaranteed']}, "
                  f"放款 / funded {total['funded']} ({words.money(total['funded_fen'])})")
        own = [need for need in story.needs.values() if need["region_code"].startswith(region)]
        must(total["needs"] == len(own), f"{login} counts {total['needs']} needs, not {len(own)}")
        must(total["funded"] >= 1, f"{login} sees no funded need")
        late = authority.get("/v1/statistics/overdue")["items"]
        words.say(f"逾期业务 / overdue cases: {sum(row['cases'] for row in late)} "
                  f"({', '.join(row['name_zh'] for row in late) or '无 / none'})")
    other = story.needs["N05"]["id"]
    story.person("authority-gd").get(f"/v1/needs/{other}", expect=404)
    words.say("authority-gd 看不到山东的需求 / does not see the need in Shandong: 404")


def auditor_view(story):
    words.heading("审计员查阅留痕 / the auditor reads the trail of the 3,000 万 need")
    events = list(story.person("auditor").pages(f"/v1/audit-events?case_id={story.needs['N03']['id']}"))
    must(len(events) >= 8, f"the trail has {len(events)} events only")
    for event in reversed(events):
        words.say(f"{event['at']} {event['action']:9} {event['from_state'] or '-'} -> {event['to_state']} "
                  f"({event['side']}, {event['facts_digest'][:12]})")
    actions = [event["action"] for event in reversed(events)]
    for action in ("submit", "pass", "claim", "offer", "accept", "contract", "fund", "confirm"):
        must(action in actions, f"the trail lacks {action}")


def drive(world, options):
    words.heading("装载演示数据 / loading the demo data")
    demo_load.load(world, words.say)
    story = Story(world)
    for part in (post_needs, intellectual_property, guaranteed, refused, green_channel, verified_by_hand,
                 debtor_confirms, authority_view, auditor_view):
        part(story)
    for need in story.needs.values():
        story.tally.state_by_need[need["id"]] = cases.read(world.person("operator"), "needs", need)["state"]
    expected = {**asdict(story.tally), "counts": story.tally.counts(), "token": world.person("auditor").token}
    Path(options.expected).touch(mode=0o600)
    Path(options.expected).write_text(json.dumps(expected), encoding="utf-8")


def again(world, options):
    """After the restart: every need stands where it stood, every match has the same bytes, sessions live on."""
    expected = json.loads(Path(options.expected).read_text(encoding="utf-8"))
    operator = world.person("operator")
    states = {need["id"]: need["state"] for need in operator.pages("/v1/needs")}
    must(states == expected["state_by_need"], "the needs do not stand where they stood")
    for need_id, digest in expected["digest_by_need"].items():
        must(operator.get(f"/v1/needs/{need_id}/matches")["digest"] == digest, f"the match of {need_id} differs")
    world.platform.call("GET", "/v1/sessions/current", token=expected["token"], expect=200)
    words.say(f"重启后 / after the restart: {len(states)} 条需求状态与匹配结果不变，会话仍有效 / "
              "needs and matches as they were, sessions alive")


def count(world, options):
    expected = json.loads(Path(options.expected).read_text(encoding="utf-8"))["counts"]
    counted = json.loads(Path(options.counts).read_text(encoding="utf-8"))
    for key, value in counted.items():
        must(value > 0, f"{key} is {value}")
    wrong = {key: (counted.get(key), value) for key, value in expected.items() if counted.get(key) != value}
    must(not wrong, f"PostgreSQL counts otherwise than what was driven (counted, driven): {wrong}")
    words.say("数据库计数与所驱动的一致 / PostgreSQL counts what was driven")


def main():
    parser = demo_load.arguments(__doc__)
    parser.add_argument("step", choices=("drive", "again", "count"))
    parser.add_argument("--expected", required=True)
    parser.add_argument("--counts")
    options = parser.parse_args()
    world = demo_load.World(Platform(options.port, options.certificate), options.data, options.logins)
    {"drive": drive, "again": again, "count": count}[options.step](world, options)


if __name__ == "__main__":
    demo_load.run(main)
