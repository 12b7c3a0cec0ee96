"""Requests that two readers may read differently: the rows of the probe table, and variants made from tables of odd
forms ("@-" begins a marked path). Each carries a request hidden where a mistaken reader finds it (path -smuggled), and
ends with an honest one that asks for the end of the connection (path -after)."""
from rows import AFTER, HOST, MARK, NONE, ROWS, SMUGGLED, get, post

HIDDEN = NONE + SMUGGLED  # the end of a chunked body, then a request; or all of it the body of a known length
CHUNKED = b"Transfer-Encoding: chunked\r\n"

CODINGS = [b"chunked", b"Chunked", b"CHUNKED", b"xchunked", b"chunkedx", b"chunked,", b",chunked",
           b"chunked, chunked", b"chunked,identity", b"identity, chunked", b"identity", b"gzip", b"gzip, chunked",
           b"chunked, gzip", b"", b'"chunked"', b"'chunked'", b"chunked;q=1", b"chunked; a=b", b"chun\tked",
           b"chunked\t", b"\tchunked", b"\x0bchunked", b"\x0cchunked", b"chunked\x0b", b"\x00chunked", b"chunked\x00",
           b"\x7fchunked", b"chunked\xa0", b"\xa0chunked", b" chunked", b"chunked ", b"ch\xc3\xbcnked", b"cow",
           b"chunk", b"x", b"trailers", b"chunked\r", b"\rchunked", b"chunked\r\n\tx", b"\r\n chunked", b"chunked\n",
           b"\nchunked", b"deflate,chunked", b"br, chunked", b"chunked, cow", b"cow, chunked", b"null", b"0", b"none"]
NAMES = [b"Transfer-Encoding", b"transfer-encoding", b"TRANSFER-ENCODING", b"Transfer-Encoding ",
         b"Transfer-Encoding\t", b" Transfer-Encoding", b"\tTransfer-Encoding", b"Transfer_Encoding",
         b"Transfer Encoding", b"Transfer-Encoding\x00", b"\x00Transfer-Encoding", b"Transfer-Encoding\x0b",
         b"X: y\rTransfer-Encoding", b"X: y\nTransfer-Encoding", b"X:\r\n Transfer-Encoding", b"Transfer-Encodin\xc7",
         b"Transfer-Encoding:", b"TE", b"Transfer-Encoding\r\n", b"Transfer\r\n-Encoding", b"Content-Encoding",
         b"Transfer-Encoding;", b'"Transfer-Encoding"', b"\xefTransfer-Encoding"]
LENGTHS = [b"5", b"05", b"0005", b"+5", b"-5", b"5 ", b" 5", b"\t5", b"5\t", b"0x5", b"5.0", b"5,5", b"5, 5", b"5;5",
           b"5 5", b"5 0", b"1e1", b"5_0", b"", b"five", b"\x0b5", b"5\x0b", b"5\x00", b"\x005", b"5\xa0",
           b"\xd9\xa5", b"0", b"00", b"-0", b"+0", b"4294967301", b"9223372036854775813", b"18446744073709551621",
           b"5\r", b"\r5", b"5\n", b"5\r\n 0", b"5\r\n\t5", b"\r\n 5", b"0,5", b"5,0", b'"5"', b"0b101", b"0o5",
           b"5e0", b"NaN", b"inf", b"5%", b"00000000000000000000000000000005"]
LENGTH_NAMES = [b"content-length", b"Content-Length ", b"Content-Length\t", b" Content-Length", b"Content_Length",
                b"Content Length", b"Content-Length\x00", b"X: y\rContent-Length", b"X: y\nContent-Length",
                b"X:\r\n Content-Length", b"Content-Length:", b"\x00Content-Length", b"Content-Lengt\xe8",
                b"Content-length"]
SIZES = [b"5", b"05", b"00000005", b"000000005", b"0000000000000000005", b"5 ", b" 5", b"\t5", b"5\t", b"+5", b"-5",
         b"0x5", b"0X5", b"x5", b"5x", b"5h", b"5;", b"5;a", b"5;a=b", b'5;a="b"', b'5;a="\r\n"', b"5 ; a=b", b"5;\n",
         b"5;a\nX", b"5;a\rX", b"5;a=\x00", b"5;a=" + b"b" * 300, b"5\x00", b"\x005", b"5\r", b"5\x0b", b"5\xa0",
         b"5,", b"5.", b"5:", b"5 5", b"", b";", b"G", b"-1", b"ffffffff", b"100000005", b"10000000000000005",
         b"fffffffffffffffb", b"5_", b"_5", b"5_0", b"0b101", b"5\x00;", b"5=a", b"5#", b'"5"', b"5;\x7f", b"%35"]
LINE_ENDS = [b"\n", b"\r", b"\r\r\n", b"\n\r", b"\x0b", b"\x85", b"\xe2\x80\xa8", b"\r\n ", b"\r\n\t", b"\r\x00\n",
             b"\x00\r\n", b" \r\n", b""]
FIELDS = [b"X: a\x00b", b"X: \x00", b"X\x00: a", b"X Y: a", b": a", b" : a", b"X", b"X :a", b"X\t: a", b"X: a\r\n b",
          b"X: a\r\n\tb", b"X: a\r\n ", b"X: a\r\n \r\n ", b"X:a\rb", b"X: a\nY: b", b"X: a\n b", b"X: \x7f",
          b"X: \x01", b"X: \x1b[0m", b"X\x7f: a", b"X\xe9: a", b"X: \xe9", b"(X): a", b"X@Y: a", b"X;Y: a", b"X/Y: a",
          b'"X": a', b"X={}: a", b"X\\Y: a", b"=: a", b"GET /@-smuggled HTTP/1.1", b"X: " + b"y" * 9000,
          b"X: " + b"y" * 17000, b"Y" * 9000 + b": y", b"Content-Type: a\r\nContent-Type: b",
          b"Authorization: a\r\nAuthorization: b", b"Cookie: a\r\nCookie: b", b"X-Forwarded-For: 1.2.3.4",
          b"X-Forwarded-For: a\r\nX-Forwarded-For: b", b"X-HTTP-Method-Override: DELETE",
          b"X-Original-URL: /@-smuggled", b"X-Rewrite-URL: /@-smuggled", b"X-Forwarded-Host: evil",
          b"Forwarded: for=1.2.3.4",
          b"Upgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA",
          b"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
          b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
          b"Max-Forwards: 0", b"Range: bytes=0-0", b"Keep-Alive: timeout=1", b"Proxy-Connection: close",
          b"Trailer: Host", b"TE: trailers", b"Date: x", b"Via: 1.0 x"]
HOSTS = [b"Host:", b"Host: ", b"Host: a, b", b"Host: a b", b"Host: rongqiao.example, evil",
         b"Host: u@rongqiao.example", b"Host: rongqiao.example:", b"Host: rongqiao.example:443",
         b"Host: rongqiao.example:99999999", b"Host: rongqiao.example:x", b"Host: [::1]", b"Host: [::1", b"Host: ::1",
         b"Host: [zz]", b"Host: rongqiao.example/x", b"Host: rongqiao.example#x", b"Host: rongqiao.example?x",
         b"Host: rongqiao.example\\x", b"Host: rongqiao.example.", b"Host: RONGQIAO.example",
         b"Host: rongqiao.example\x00", b"Host: \x00rongqiao.example", b"Host: rongqiao.example\x0b",
         b"Host: rongqiao%2eexample", b"Host: http://rongqiao.example", b"Host : rongqiao.example",
         b" Host: rongqiao.example", b"Host\t: rongqiao.example", b"Host: rongqiao.example\r\n x",
         b"Host:\r\n rongqiao.example", b"host: rongqiao.example\r\nHOST: rongqiao.example",
         b"Host: rongqiao.example\r\nHost: evil", b"Host: evil\r\nHost: rongqiao.example", b"Host: ..", b"Host: -",
         b"Host: _", b"Host: \xe8\x9e\x8d", b"X: y"]
TARGETS = [b"/@-first#x", b"/@-first?x#y", b"/@-first\\x", b"/@-first%", b"/@-first%0", b"/@-first%zz",
           b"/@-first%00", b"/@-first%0d%0a", b"/@-first%2f..", b"/../@-first", b"/./@-first", b"//@-first",
           b"/x//@-first", b"/@-first/..;/x", b"/@-first\x00", b"/@-first\x7f", b"/@-first\x01", b"/@-first\xe9",
           b"/@-first\t", b"/@-first\x0b", b"/@-first HTTP/1.1 x", b"@-first", b"*",
           b"http://rongqiao.example/@-first", b"https://rongqiao.example/@-first",
           b"HTTP://rongqiao.example/@-first", b"http:/@-first", b"http://@-first", b"http:///@-first",
           b"http://u@rongqiao.example/@-first", b"http://evil/@-first",
           b"http://rongqiao.example:443/@-first", b"ftp://rongqiao.example/@-first",
           b"http://rongqiao.example\\@evil/@-first", b"rongqiao.example/@-first", b"/@-first?" + b"x" * 9000,
           b"/@-first|x", b"/@-first<x>", b'/@-first"x', b"/@-first{x}", b"/@-first^x", b"/@-first`x", b"/@-first[x]"]
VERSIONS = [b"HTTP/1.0", b"HTTP/0.9", b"HTTP/1.2", b"HTTP/1.10", b"HTTP/01.1", b"HTTP/1.01", b"HTTP/2", b"HTTP/2.0",
            b"HTTP/3.0", b"HTTP/1", b"HTTP/1.", b"HTTP/.1", b"HTTP/", b"http/1.1", b"HTTP 1.1", b"HTTP/1,1",
            b"HTTP/1.1 ", b" HTTP/1.1", b"\tHTTP/1.1", b"HTTP/1.1\x00", b"HTTP/1.1\x0b", b"HTTPS/1.1", b"ICY/1.1",
            b"", b"HTTP/-1.1", b"HTTP/1.-1", b"HTTP/11.1", b"HTTP/1.1x", b"x"]
METHODS = [b"get", b"Get", b"GET\t", b"\tGET", b" GET", b"GET ", b"G E T", b"G\x00ET", b"\x00GET", b"GET\x00", b"",
           b"TRACE", b"CONNECT", b"PRI", b"PROPFIND", b"BREW", b"G(T", b"\xefGET", b"GET\r", b"\r\nGET",
           b"\r\n\r\nGET", b"\nGET", b"\rGET", b"GETGET", b"X" * 300]
NOMINATED = [b"close, Content-Length", b"Content-Length", b"Transfer-Encoding", b"keep-alive, Transfer-Encoding",
             b"Host", b"X-Forwarded-For", b"Authorization", b"close, close", b"keep-alive, close", b"Close",
             b"closed", b",", b"close;q=1", b"\x00close", b"close\x00", b"clo se", b'"close"', b"upgrade", b"te",
             b"Content-Length, Transfer-Encoding, Host", b""]
EXPECTS = [b"100-continue", b"100-Continue", b"100-continue, 100-continue", b"200-ok", b"", b"100 continue",
           b"100-continue\x00", b"x, 100-continue", b'"100-continue"', b"100-continue;x"]
TRAILERS = [b"X: y", b"Content-Length: 50", b"Transfer-Encoding: chunked", b"Host: evil", b"X Y: z", b"X: y\n", b"X",
            b": y", b" X: y", b"X: a\r\n b", b"X: \x00", b"GET /@-smuggled HTTP/1.1", b"X: " + b"y" * 17000,
            b"Connection: close"]


def _in_chunks(size=b"5", end=b"\r\n", data=b"hello", data_end=b"\r\n", last=NONE):
    return post(CHUNKED, size + end + data + data_end + last)


def _framing():
    """Who takes one framing sees a request where who takes the other sees a body."""
    length = b"Content-Length: %d\r\n" % len(HIDDEN)
    for coding in CODINGS:
        field = b"Transfer-Encoding: " + coding + b"\r\n"
        yield f"TE {coding!r}", post(field, HIDDEN)
        yield f"CL, TE {coding!r}", post(length + field, HIDDEN)
        yield f"TE {coding!r}, CL", post(field + length, HIDDEN)
    for name in NAMES:
        yield f"TE named {name!r}", post(name + b": chunked\r\n", HIDDEN)
        yield f"CL, TE named {name!r}", post(length + name + b": chunked\r\n", HIDDEN)
    for first, second in ((b"chunked", b"chunked"), (b"chunked", b"identity"), (b"identity", b"chunked"),
                          (b"chunked", b"x"), (b"x", b"chunked"), (b"chunked", b"")):
        yield f"TE {first!r} and {second!r}", post(
            b"Transfer-Encoding: " + first + b"\r\nTransfer-Encoding: " + second + b"\r\n" + length, HIDDEN)
    for each in LENGTHS:
        yield f"CL {each!r}", post(b"Content-Length: " + each + b"\r\n", b"hello" + SMUGGLED)
    for name in LENGTH_NAMES:
        yield f"CL named {name!r}", post(name + b": %d\r\n" % len(SMUGGLED), SMUGGLED)
    for first, second in ((0, len(SMUGGLED)), (len(SMUGGLED), 0), (len(SMUGGLED), len(SMUGGLED)), (5, 6)):
        yield f"CL {first} and {second}", post(
            b"Content-Length: %d\r\nContent-Length: %d\r\n" % (first, second), SMUGGLED)


def _chunks():
    for size in SIZES:
        yield f"chunk size {size!r}", _in_chunks(size)
        yield f"last chunk {size!r}", _in_chunks(last=size.replace(b"5", b"0") + b"\r\n\r\n")
    for end in LINE_ENDS:
        yield f"chunk size, then {end!r}", _in_chunks(end=end)
        yield f"chunk data, then {end!r}", _in_chunks(data_end=end)
        yield f"last chunk, then {end!r}", _in_chunks(last=b"0" + end + b"\r\n")
        yield f"trailers, then {end!r}", _in_chunks(last=b"0\r\n" + end)
    for data in (b"hell", b"hello!", b"", b"hello\r\n" + SMUGGLED):
        yield f"5 bytes that are {len(data)}", _in_chunks(data=data)
    for trailer in TRAILERS:
        yield f"trailer {trailer[:40]!r}", _in_chunks(last=b"0\r\n" + trailer + b"\r\n\r\n")


def _heads():
    for end in LINE_ENDS:
        yield f"request line, then {end!r}", b"GET /@-first HTTP/1.1" + end + HOST + b"\r\n"
        yield f"field, then {end!r}", b"GET /@-first HTTP/1.1\r\n" + HOST[:-2] + end + b"X: y\r\n\r\n"
        yield f"head, then {end!r}", b"GET /@-first HTTP/1.1\r\n" + HOST + end
    for field in FIELDS:
        yield f"field {field[:60]!r}", get(b"first", field + b"\r\n")
        yield f"field {field[:60]!r} and a body", post(
            field + b"\r\nContent-Length: %d\r\n" % len(SMUGGLED), SMUGGLED)
    for host in HOSTS:
        yield f"{host!r}", b"GET /@-first HTTP/1.1\r\n" + host + b"\r\n\r\n"
    for target in TARGETS:
        yield f"target {target[:40]!r}", b"GET " + target + b" HTTP/1.1\r\n" + HOST + b"\r\n"
    for version in VERSIONS:
        yield f"version {version!r}", b"GET /@-first " + version + b"\r\n" + HOST + b"\r\n"
        yield (f"version {version!r} and chunks",
               b"POST /@-first " + version + b"\r\n" + HOST + CHUNKED + b"\r\n" + HIDDEN)
    for method in METHODS:
        yield f"method {method[:20]!r}", method + b" /@-first HTTP/1.1\r\n" + HOST + b"\r\n"


def _bodies():
    for method in (b"GET", b"HEAD", b"OPTIONS", b"DELETE", b"PUT", b"PATCH", b"POST", b"TRACE"):
        head = method + b" /@-first HTTP/1.1\r\n" + HOST
        yield f"{method.decode()} with a body", head + b"Content-Length: %d\r\n\r\n" % len(SMUGGLED) + SMUGGLED
        yield (f"{method.decode()} with chunks",
               head + CHUNKED + b"\r\n%x\r\n" % len(SMUGGLED) + SMUGGLED + b"\r\n" + NONE)
        yield f"{method.decode()} with CL 0", head + b"Content-Length: 0\r\n\r\n" + SMUGGLED
        yield f"{method.decode()} without a length", head + b"\r\n" + SMUGGLED
    for value in NOMINATED:
        yield f"Connection {value!r}", post(
            b"Connection: " + value + b"\r\nContent-Length: %d\r\n" % len(SMUGGLED), SMUGGLED)
        yield f"Connection {value!r} and chunks", post(b"Connection: " + value + b"\r\n" + CHUNKED, HIDDEN)
    for value in EXPECTS:
        yield f"Expect {value!r}", post(
            b"Expect: " + value + b"\r\nContent-Length: %d\r\n" % len(SMUGGLED), SMUGGLED)
        yield f"Expect {value!r} and no body", get(b"first", b"Expect: " + value + b"\r\n") + SMUGGLED


def probes():
    """(name, bytes) of every probe; MARK stands for its own mark."""
    table = [(f"table: {name}", text + SMUGGLED) for name, text, _ in ROWS]
    made = [*_framing(), *_chunks(), *_heads(), *_bodies()]
    return [(name, (text + AFTER).replace(b"@-", MARK + b"-")) for name, text in table + made]
