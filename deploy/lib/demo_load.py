"""Loads the demo data over the API as the platform's operators and the enterprises themselves would: one operator
makes, another publishes, each enterprise registers itself. Run alone it also posts the needs."""

import argparse
import os
import signal
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import demo_data
from demo_client import Failure, Platform

AT_ONCE = 6
# Institutions with people in the demo; the others are on the shelf only, until an operator makes them users.
BANKS = ("spdb_guangzhou", "boc", "qingdao_bank", "icbc", "ccb", "demo_factor", "demo_bridge")
GUARANTORS = ("demo_guarantor_gd", "demo_guarantor_zj", "demo_guarantor_sd", "demo_guarantor_hb", "demo_guarantor_cq")
INSURERS = ("demo_insurer",)
AUTHORITIES = (("authority-gd", "440000", "广东主管部门"), ("authority-hb", "420000", "湖北主管部门"),
               ("authority-js", "320000", "江苏主管部门"),
               ("authority-cn", "000000", "全国主管部门"))


def login_of(key):
    return key.replace("_", "-")


class World:
    """The platform with the demo's people and things by their keys."""

    def __init__(self, platform, folder, logins):
        self.platform = platform
        self.logins = Path(logins)
        self.password = self.logins.read_text(encoding="utf-8").splitlines()[0]
        self.data = {name: demo_data.read(folder, name) for name in (
            "institutions", "products", "guarantees", "programmes", "enterprises", "needs")}
        self.institutions = {entry["key"]: entry for entry in self.data["institutions"]}
        self.enterprises = {entry["key"]: entry for entry in self.data["enterprises"]}
        self.needs = {entry["key"]: entry for entry in self.data["needs"]}
        self.institution_ids = {}
        self.product_ids = {}
        self.enterprise_ids = {}
        self.people = {}
        self.users = []
        self.pool = ThreadPoolExecutor(AT_ONCE)

    def each(self, action, things):
        """Does the same for many at once; the first failure is everybody's."""
        return list(self.pool.map(action, things))

    def person(self, login):
        if login not in self.people:
            self.people[login] = self.platform.log_in(login, self.password)
        return self.people[login]

    def log_in_all(self, logins):
        self.each(self.person, [login for login in logins if login not in self.people])


def make_institutions(world):
    def make(entry):
        reply = world.person("operator").post("/v1/institutions", demo_data.institution(entry), expect=201)
        world.institution_ids[entry["key"]] = reply["id"]
    world.each(make, world.data["institutions"])


def user_plan(world):
    """Every user of the demo: login, name, roles, and the one thing it belongs to."""
    plan = [("operator-2", "运营员乙", ["operator"], {}), ("auditor", "审计员", ["auditor"], {})]
    plan += [(login, name, ["authority"], {"region_code": region}) for login, region, name in AUTHORITIES]
    for key in BANKS:
        where = {"institution_id": world.institution_ids[key]}
        plan.append((f"{login_of(key)}-maker", "经办", ["bank_maker"], where))
        plan.append((f"{login_of(key)}-checker", "审批", ["bank_checker"], where))
    for key in GUARANTORS:
        where = {"institution_id": world.institution_ids[key]}
        plan.append((f"{login_of(key)}-reviewer", "尽调", ["guarantee_reviewer"], where))
        plan.append((f"{login_of(key)}-checker", "审批", ["guarantee_checker"], where))
    for key in INSURERS:
        plan.append((f"{login_of(key)}-maker", "承保经办", ["bank_maker"], {"institution_id": world.institution_ids[key]}))
    # A person who may make and check must still not check what he made.
    plan.append(("boc-both", "经办兼审批", ["bank_maker", "bank_checker"], {"institution_id": world.institution_ids["boc"]}))
    plan += [(login_of(entry["key"]), "企业经办人", ["enterprise"], {}) for entry in world.data["enterprises"]]
    return plan


def make_users(world):
    def make(user):
        login, name, roles, where = user
        world.person("operator").post("/v1/users", {"login": login, "name": name, "password": world.password,
                                                    "roles": roles, **where}, expect=201)
    world.users = user_plan(world)
    world.each(make, world.users)
    lines = [f"{login}\t{','.join(roles)}" for login, _, roles, _ in [("operator", "", ["operator"], {}), *world.users]]
    world.logins.write_text("\n".join([world.password, *lines]) + "\n", encoding="utf-8")


def make_products(world):
    """Imports in draft, then the first operator submits and the second publishes what is listed."""
    entries = world.data["products"] + world.data["guarantees"]
    items = [demo_data.product(entry, world.institutions, world.institution_ids) for entry in entries]
    report = world.person("operator").post("/v1/products/import", {"items": items}, expect=200).body
    refused = [line for line in report["lines"] if "id" not in line]
    if refused or report["accepted"] != len(items):
        raise Failure(f"{len(refused)} products were refused, the first: {refused[:1]}")
    for item, line in zip(items, report["lines"]):
        world.product_ids[item["product_no"]] = line["id"]

    def publish(item):
        path = f"/v1/products/{world.product_ids[item['product_no']]}"
        world.person("operator").post(f"{path}/submit", expect=200)
        world.person("operator-2").post(f"{path}/publish", expect=200)
    listed = [item for item, entry in zip(items, entries) if entry["listed"]]
    world.each(publish, listed)
    return len(listed), [item["product_no"] for item, entry in zip(items, entries) if not entry["listed"]]


def make_programmes(world):
    def make(entry):
        world.person("operator").post("/v1/programmes", demo_data.programme(entry), expect=201)
    world.each(make, world.data["programmes"])


def register_enterprises(world):
    """Each enterprise's own user registers it; the operator notes whose code it is."""
    def register(entry):
        reply = world.person(login_of(entry["key"])).post("/v1/enterprises", demo_data.enterprise(entry), expect=201)
        world.enterprise_ids[entry["key"]] = reply["id"]
        world.person("operator").post(f"/v1/enterprises/{reply['id']}/verify", {
            "verification": "verified", "note": demo_data.enterprise_note(entry)}, expect=200)
    world.each(register, world.data["enterprises"])


def catalogue_version(world):
    """What one worker of the server matches with now; asked on a connection of its own, so that any may answer."""
    platform = Platform(world.platform.port, world.platform.certificate)
    entry = world.needs["N03"]
    reply = platform.call("POST", "/v1/matches/preview", {
        "enterprise_id": world.enterprise_ids[entry["enterprise"]], **demo_data.need(entry)},
        world.person("operator").token, expect=200)
    platform.close()
    return reply["catalogue_version"]


def await_catalogue(world, version):
    """The engine works on snapshots: every change of the shelf is a new version, which reaches each worker shortly
    after. Returns once eight connections in a row are served by the last one."""
    end = time.monotonic() + 20
    agreeing = 0
    while agreeing < 8:
        if time.monotonic() > end:
            raise Failure("the matching engine did not see the new products within 20 s")
        agreeing = agreeing + 1 if catalogue_version(world) >= version else 0


def load(world, say):
    """Everything but the needs. Who acts in many threads logs in before; the others when they first act."""
    world.person("operator")
    make_institutions(world)
    say(f"接入机构 / institutions admitted: {len(world.institution_ids)}")
    make_users(world)
    world.log_in_all(["operator-2", *map(login_of, world.enterprises)])
    say(f"建立用户 / users made: {len(world.users) + 1}")
    register_enterprises(world)
    say(f"企业自行登记 / enterprises registered by themselves: {len(world.enterprise_ids)}")
    before = catalogue_version(world)
    make_programmes(world)
    listed, unlisted = make_products(world)
    say(f"产品导入、提交，由另一运营员上架 / products imported, submitted, published by a second operator: {listed}; "
        f"不上架 / kept as drafts: {', '.join(unlisted)}")
    say(f"政策工具 / programmes: {len(world.data['programmes'])}")
    await_catalogue(world, before + listed + len(world.data["programmes"]))


def confirm_epidemic_key(world):
    """The authority of Hubei puts the enterprise on the list of point 5 of the notice."""
    return world.person("authority-hb").post(f"/v1/enterprises/{world.enterprise_ids['medical']}/tags", {
        "tags": [{"tag": "epidemic_key", "issuer": "湖北省疫情防控指挥部（示例）"}]}, expect=200)


def post_need(world, key):
    entry = world.needs[key]
    return world.person(login_of(entry["enterprise"])).post("/v1/needs", demo_data.need(entry), expect=201)


def arguments(description):
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--certificate", required=True)
    parser.add_argument("--data", required=True)
    parser.add_argument("--logins", required=True)
    return parser


def run(main):
    """Runs a driver; what goes wrong is told in one line. A signal ends it at once, whatever its threads wait for."""
    signal.signal(signal.SIGTERM, lambda *_: os._exit(143))
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
    except Failure as failure:
        print(f"demo: {failure}", file=sys.stderr)
        sys.exit(1)


def main():
    options = arguments(__doc__).parse_args()
    world = World(Platform(options.port, options.certificate), options.data, options.logins)
    load(world, print)
    confirm_epidemic_key(world)
    world.each(lambda key: post_need(world, key), world.needs)
    print(f"企业发布融资需求 / needs posted by the enterprises: {len(world.needs)}")


if __name__ == "__main__":
    run(main)
