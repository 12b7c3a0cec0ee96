"""Behind each proxy the server knows the client's own address, whatever the client claims, and live events come at
once."""
import asyncio
import json
import time
import uuid

import chain
import rows
import wire

CLAIM = b"X-Forwarded-For: 203.0.113.77\r\nForwarded: for=203.0.113.77\r\nX-Real-IP: 203.0.113.77\r\n"
PASSWORD = "correct horse battery staple"
AT_ONCE_SECONDS = 5  # the server's own next piece would come after 15


def _ask(port, context, address, text):
    async def once():
        client = wire.Client(port, context, address)
        answer = await client.ask(text)
        await client.close()
        return answer
    return asyncio.run(once())


def _address_told(run, proxy, address):
    """What the server took for the client's address."""
    answer = _ask(proxy.port, run.context, address, rows.get(b"claims", CLAIM).replace(rows.MARK, b"z00000pp"))
    end = time.monotonic() + AT_ONCE_SECONDS
    while answer and time.monotonic() < end:  # a worker writes its log after its answers
        for row in run.house.rows():
            if row["request_id"] == answer.request_id:
                return row["peer"]
        time.sleep(0.05)
    return None


async def _first_event(port, context, token):
    reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context)
    writer.write(b"GET /v1/events HTTP/1.1\r\n" + rows.HOST + b"Authorization: Bearer " + token.encode() + b"\r\n\r\n")
    try:
        received = b""
        while b"retry:" not in received:
            received += await asyncio.wait_for(reader.read(4096), AT_ONCE_SECONDS) or b"retry: never came"
        return received
    except asyncio.TimeoutError:
        return received
    finally:
        writer.transport.abort()


def _log_in(run):
    run.house.command("user", "add", "operator", "运营员", "operator", input=PASSWORD + "\n")
    platform = run.house.platform()
    reply = platform.call("POST", "/v1/sessions", {"login": "operator", "password": PASSWORD}, key=str(uuid.uuid4()))
    platform.close()
    return reply["token"]


def _check_proxy(run, way, proxy, token):
    told = _address_told(run, proxy, "127.0.0.77")
    if told != "127.0.0.77":
        yield f"{way}: the client 127.0.0.77 that claims to be another was taken for {told}"
    received = asyncio.run(_first_event(proxy.port, run.context, token))
    if b" 200 " not in received or b"retry: 2000" not in received:
        yield f"{way}: /v1/events did not begin at once: {json.dumps(received[-200:].decode(errors='replace'))}"


def check(run):
    token, complaints, ways = _log_in(run), [], 0
    for word in ("x_forwarded_for", "proxy_protocol"):
        run.house.restart(word)
        if word == "x_forwarded_for":
            nginx, haproxy = run.proxies(word, run.house.port)
        else:
            nginx = chain.nginx_passthrough(run.directory / "nginx-passthrough", run.house.port)
            haproxy = chain.haproxy_passthrough(run.directory / "haproxy-passthrough", run.house.port,
                                                run.house.certificate)
        for way, proxy in (("nginx", nginx), ("HAProxy", haproxy)):
            with proxy:
                complaints += _check_proxy(run, f"{way}, {word}", proxy, token)
                ways += 1
    print(f"addresses and live events: {ways} ways, {len(complaints)} wrong", flush=True)
    return complaints
