"""What happens, in words: Chinese first, then short English."""

CLASSES = (("eligible", "可办 / eligible"), ("unknown", "缺事实 / lacks facts"), ("near", "差一步 / near miss"))
SHOWN_EACH = {"eligible": 3, "unknown": 2, "near": 2}


def money(fen):
    text = f"{fen / 1_000_000:,.4f}".rstrip("0").rstrip(".")
    return f"{text} 万元"


def percent(ppm):
    return "未知（利率未公布）/ unknown, no rate is published" if ppm is None else f"{ppm / 10000:.2f} %"


def heading(text):
    print(f"\n== {text}")


def say(text):
    print(f"  {text}")


def _backing(package):
    parts = []
    for key, word in (("guarantee", "担保"), ("insurance", "保险")):
        if partner := package[key]:
            fee = "" if partner["fee_ppm"] is None else f" {percent(partner['fee_ppm'])}/年"
            parts.append(f"{word}：{partner['name_zh']}{fee}")
    parts += [f"政策：{programme['name_zh']}" for programme in package["programmes"]]
    return "".join(f" + {part}" for part in parts)


def package(one):
    """One package: what, how much, at which all-in annual cost, why, and what is missing."""
    product = one["product"]
    score = ", ".join(f"{name} {ppm / 1_000_000:.1f}" for name, ppm in one["parts"].items())
    say(f"    {one['rank']}. {product['institution_zh']}《{product['name_zh']}》{money(one['amount_fen'])}{_backing(one)}; "
        f"综合年化成本 / all-in annual cost {percent(one['cost_ppm'])}; "
        f"匹配分 / fit {one['score_ppm'] / 1_000_000:.1f} ({score})")
    passed = [check["text_zh"] for check in one["checks"] if check["verdict"] == "pass"]
    if passed:
        say(f"       满足 / meets: {'；'.join(passed)}")
    for check in one["checks"]:
        if check["verdict"] == "unknown" and check["hard"]:
            say(f"       未知 / unknown: {check['text_zh']} ({check['text_en']})")
        elif check["verdict"] == "fail" and check["hard"]:
            say(f"       不满足，最小改动 / fails, smallest change: {check['change']['zh']} ({check['change']['en']})")


def match(need, result):
    wants = money(need["amount_fen"])
    say(f"{need['enterprise']['name']} 需要 / wants {wants}, {'/'.join(need['kinds'])}: "
        f"考察 / considered {result['considered']}, 可办 / eligible {result['eligible_total']}, "
        f"缺事实 / lack facts {result['unknown_total']}, 差一步 / near misses {result['near_total']} "
        f"(目录版本 / catalogue {result['catalogue_version']}, 权重 / weights {result['weights_version']})")
    for key, words in CLASSES:
        if result[key]:
            say(f"  {words}:")
            for one in result[key][:SHOWN_EACH[key]]:
                package(one)


def offer(one):
    return (f"{one['institution']['name_zh']} {money(one['amount_fen'])}, {one['term_months']} 个月, 年利率 / rate "
            f"{percent(one['rate_ppm'])}, 综合年化成本 / all-in {percent(one['cost_ppm'])}, 到账 / net "
            f"{money(one['net_disbursed_fen'])}, 共还 / repays {money(one['total_repayable_fen'])}")


def reason(one):
    say(f"原因 / reason {one['code']} {one['name_zh']} ({one['name_en']}): {one['text']}")
    say(f"修复 / repair by {one['repair_by']}: {one['steps_zh']} ({one['steps_en']})")


def refusal(reply):
    return f"{reply.status} {reply['code']}: {reply['title_zh']} / {reply['title_en']}"
