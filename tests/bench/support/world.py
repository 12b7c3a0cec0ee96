"""The data of a benchmark: demo catalogue, synthetic products, enterprises with sessions, the first needs. Everything
goes in over the API, so that the schemas check it; only putting thousands of products on line is SQL."""
import json
from concurrent.futures import ThreadPoolExecutor

import demo_data
from support import ROOT
from support.synthetic import Maker

DEMO = ROOT / "deploy/demo-data"
PASSWORD = "benchmark-only-password"
INSTITUTIONS = 60
IMPORT_LINES = 400  # a body may have 1 MiB
CLIENTS = 4
# Two operators would submit and publish each product; here a batch goes on line at once. The trigger that writes the
# catalogue's history stays on.
PUBLISH = """
alter table product disable trigger product_guard;
do $$
begin
    loop
        update product set state = 'online', state_since = now()
        where id in (select id from product where state = 'draft' limit 2000);
        exit when not found;
        commit;
    end loop;
end
$$;
alter table product enable trigger product_guard;
"""


class World:
    def __init__(self, server, cluster, seed, products, enterprises):
        self.server = server
        self.cluster = cluster
        self.maker = Maker(seed)
        self.server.command("user", "add", "operator", "运营员", "operator", input=PASSWORD + "\n")
        platform = server.platform()
        operator = platform.log_in("operator", PASSWORD)
        self.products = self._load_catalogue(operator, products)
        self.people = self._load_enterprises(operator, enterprises)
        platform.close()
        # Begins anew with the whole catalogue, and not with one version of it after the other.
        server.stop()
        cluster.sql(PUBLISH, timeout=900)
        server.start()

    @staticmethod
    def _import(operator, collection, items):
        ids = []
        for at in range(0, len(items), IMPORT_LINES):
            report = operator.post(f"/v1/{collection}/import", {"items": items[at:at + IMPORT_LINES]})
            if report["refused"]:
                refused = [line for line in report["lines"] if "id" not in line]
                raise SystemExit(f"bench: {collection}: {json.dumps(refused[:3], ensure_ascii=False)}")
            ids += [line["id"] for line in report["lines"]]
        return ids

    def _load_catalogue(self, operator, count):
        institutions = {entry["key"]: entry for entry in demo_data.read(DEMO, "institutions")}
        ids = {key: operator.post("/v1/institutions", demo_data.institution(entry))["id"]
               for key, entry in institutions.items()}
        made = {"bank": [], "guarantor": []}
        for body in (self.maker.institution(number) for number in range(INSTITUTIONS)):
            made[body["kind"]].append(operator.post("/v1/institutions", body)["id"])
        for entry in demo_data.read(DEMO, "programmes"):
            operator.post("/v1/programmes", demo_data.programme(entry))
        items = [demo_data.product(entry, institutions, ids) for name in ("products", "guarantees")
                 for entry in demo_data.read(DEMO, name) if entry["listed"]]
        items += [self.maker.product(number, made) for number in range(count)]
        return len(self._import(operator, "products", items))

    def _load_enterprises(self, operator, count):
        """A logged-in user of each enterprise, by the enterprise's id."""
        ids = self._import(operator, "enterprises", [self.maker.enterprise(number) for number in range(count)])

        def join(numbered):
            number, enterprise = numbered
            login = f"enterprise.{number}"
            operator.post("/v1/users", {"login": login, "name": "合成用户", "password": PASSWORD,
                                        "roles": ["enterprise"], "enterprise_id": enterprise})
            return enterprise, operator.platform.log_in(login, PASSWORD)

        with ThreadPoolExecutor(CLIENTS) as pool:
            return dict(pool.map(join, enumerate(ids)))

    def post_needs(self, count):
        """Posts `count` needs, spread over the enterprises, and lets the planner know of them."""
        people = list(self.people.values())
        platform = self.server.platform()

        def post(numbered):
            number, body = numbered
            platform.call("POST", "/v1/needs", body, people[number % len(people)].token, 201)

        with ThreadPoolExecutor(CLIENTS) as pool:
            for _ in pool.map(post, enumerate([self.maker.need() for _ in range(count)])):
                pass
        self.cluster.sql("vacuum analyze")
