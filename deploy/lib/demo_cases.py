"""The moves that people make with cases, each checked: the state after it is the one it must lead to."""

import datetime

import demo_words as words
from demo_client import Failure


def today(days=0):
    return (datetime.datetime.now(datetime.timezone(datetime.timedelta(hours=8))) + datetime.timedelta(days)).date().isoformat()


def must(condition, text):
    if not condition:
        raise Failure(text)


def move(person, collection, case, action, state, body=None):
    """One move of a case under If-Match; `state` is where it must arrive."""
    reply = person.post(f"/v1/{collection}/{case['id']}/{action}", body, expect=200,
                        headers={"If-Match": f'"{case["version"]}"'}).body
    must(reply["state"] == state, f"{action} led to {reply['state']}, not to {state}")
    words.say(f"{person.login}: {action} -> {reply['state_zh']} / {reply['state_en']}")
    return reply


def read(person, collection, case):
    return person.get(f"/v1/{collection}/{case['id']}").body


def apply(enterprise, need, package, tally):
    product = package["product"]
    case = enterprise.post("/v1/applications", {"need_id": need["id"], "product_id": product["id"]}, expect=201).body
    must(case["state"] == "received", "the application was not received")
    must(case["package"]["product"]["id"] == product["id"], "the application does not keep its package")
    tally.applications += 1
    words.say(f"{enterprise.login}: 申请 / applies for {product['institution_zh']}《{product['name_zh']}》, "
              f"答复时限 / answer due {case['deadline_at']}")
    return case


def propose(maker, application, terms, tally):
    """The maker's offer; it waits for another person's approval."""
    body = {"application_id": application["id"], "repayment": "interest_first", "valid_until": today(15), **terms}
    case = maker.post("/v1/offers", body, expect=201).body
    must(case["state"] == "pending_approval", "the offer does not wait for its approval")
    tally.offers += 1
    words.say(f"{maker.login}: 拟定方案 / proposes {words.offer(case)}")
    return case


def approve(checker, offer):
    return move(checker, "offers", offer, "approve", "offered")


def cannot(person, path, code, what):
    """A move that must be refused with 403, and says so."""
    reply = person.post(path, expect=403)
    must(reply["code"] == code, f"refused as {reply['code']}, not as {code}")
    words.say(f"{person.login} {what}: {words.refusal(reply)}")


def fund(bank, enterprise, offer, need, tally):
    """From the accepted offer to the money and the enterprise's confirmation."""
    number = offer["id"][-12:]
    offer = move(bank, "offers", offer, "contract", "contracted", {"contract_no": f"HT-{number}"})
    offer = move(bank, "offers", offer, "disburse", "disbursed", {
        "funded_fen": offer["amount_fen"], "funded_on": today(), "proof_no": f"PZ-{number}"})
    words.say(f"放款 / paid out {words.money(offer['funded_fen'])}, 凭证 / proof {offer['proof_no']}")
    tally.funded += 1
    tally.funded_amount_fen += offer["funded_fen"]
    need = read(enterprise, "needs", need)
    must(need["state"] == "funded", f"the need is {need['state']}, not funded")
    return offer, move(enterprise, "needs", need, "confirm", "closed")


def ask_guarantee(enterprise, application, product_id, tally):
    case = enterprise.post("/v1/guarantee-cases", {"application_id": application["id"], "product_id": product_id},
                           expect=201).body
    must(case["state"] == "applied", "the guarantee case was not taken")
    tally.guarantees += 1
    words.say(f"{enterprise.login}: 向 {case['guarantor']['name_zh']} 申请担保 / asks for a guarantee of "
              f"{words.money(case['principal_fen'])} ({case['case_no']})")
    return case


def guarantee_review(reviewer, case):
    return move(reviewer, "guarantee-cases", case, "review", "reviewing")
