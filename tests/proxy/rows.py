"""The probe table: each row by its name, its bytes, and the statuses that the server itself must answer over TLS, in
order and before it closes the connection. Each row is followed by a request that a mistaken reader does not see, or
sees and should not (SMUGGLED), and by an honest one (AFTER). A path that is nobody's is answered 404."""

MARK = b"MARKMARK"  # stands for the probe's own mark, which is as long
HOST = b"Host: rongqiao.example\r\n"


def get(path, fields=b""):
    return b"GET /" + MARK + b"-" + path + b" HTTP/1.1\r\n" + HOST + fields + b"\r\n"


def post(fields, body=b""):
    return b"POST /" + MARK + b"-first HTTP/1.1\r\n" + HOST + fields + b"\r\n" + body


SMUGGLED = get(b"smuggled")
AFTER = get(b"after", b"Connection: close\r\n")
NONE = b"0\r\n\r\n"
TAKEN = [404, 404, 404]  # the row, SMUGGLED, AFTER

ROWS = [
    ("CL + TE chunked", post(b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", NONE), [400]),
    ("TE: gzip, chunked", post(b"Transfer-Encoding: gzip, chunked\r\n", NONE), [501]),
    ("TE: xchunked", post(b"Transfer-Encoding: xchunked\r\n", NONE), [501]),
    ("TE : chunked", post(b"Transfer-Encoding : chunked\r\n", NONE), [400]),
    (r"TE: \x0bchunked", post(b"Transfer-Encoding: \x0bchunked\r\n", NONE), [400]),
    (r"TE:\tchunked", post(b"Transfer-Encoding:\tchunked\r\n", NONE), [400]),
    ("two different CL", post(b"Content-Length: 5\r\nContent-Length: 6\r\n", b"hello"), [400]),
    ("CL: +5", post(b"Content-Length: +5\r\n", b"hello"), [400]),
    ("CL 2^64+5", post(b"Content-Length: 18446744073709551621\r\n", b"hello"), [400]),
    ("chunk size 0x5", post(b"Transfer-Encoding: chunked\r\n", b"0x5\r\nhello\r\n" + NONE), [400]),
    ("chunk size +5", post(b"Transfer-Encoding: chunked\r\n", b"+5\r\nhello\r\n" + NONE), [400]),
    ("chunk size ' 5'", post(b"Transfer-Encoding: chunked\r\n", b" 5\r\nhello\r\n" + NONE), [400]),
    ("chunk ext 5;a=b", post(b"Transfer-Encoding: chunked\r\n", b"5;a=b\r\nhello\r\n" + NONE), [400]),
    ("chunk line bare LF", post(b"Transfer-Encoding: chunked\r\n", b"5\nhello\r\n" + NONE), [400]),
    ("bare LF header lines", b"GET /" + MARK + b"-first HTTP/1.1\nHost: rongqiao.example\n\n", [400]),
    ("NUL in value", get(b"first", b"X: a\0b\r\n"), [400]),
    ("space in name", get(b"first", b"X Y: a\r\n"), [400]),
    ("empty name", get(b"first", b": a\r\n"), [400]),
    ("obs-fold", get(b"first", b"X: a\r\n b\r\n"), [400]),
    ("no Host", b"GET /" + MARK + b"-first HTTP/1.1\r\n\r\n", [400]),
    ("two Host", get(b"first", HOST), [400]),
    ("HTTP/2.0", b"GET /" + MARK + b"-first HTTP/2.0\r\n" + HOST + b"\r\n", [505]),
    ("HTTP/9.9", b"GET /" + MARK + b"-first HTTP/9.9\r\n" + HOST + b"\r\n", [505]),
    ("HTTP/1.1x", b"GET /" + MARK + b"-first HTTP/1.1x\r\n" + HOST + b"\r\n", [400]),
    ("double space in request line", b"GET  /" + MARK + b"-first HTTP/1.1\r\n" + HOST + b"\r\n", [400]),
    ("leading CRLF", b"\r\n" + get(b"first"), TAKEN),
    ("lower-case method", b"get /" + MARK + b"-first HTTP/1.1\r\n" + HOST + b"\r\n", [501]),
    ("unknown method", b"BREW /" + MARK + b"-first HTTP/1.1\r\n" + HOST + b"\r\n", [501]),
    ("absolute-form URI", b"GET http://rongqiao.example/" + MARK + b"-first HTTP/1.1\r\n" + HOST + b"\r\n", TAKEN),
    ("absolute-form URI of another authority",
     b"GET http://other/" + MARK + b"-first HTTP/1.1\r\n" + HOST + b"\r\n", [400]),
    ("%00 in path", get(b"first%00"), [400]),
    ("HEAD with body, then GET", b"HEAD /" + MARK + b"-first HTTP/1.1\r\n" + HOST + b"Content-Length: 5\r\n\r\nhello",
     TAKEN),
    ("3 pipelined GET", get(b"first") + get(b"second"), [*TAKEN, 404]),
    ("body > limit", post(b"Content-Length: 70000\r\n", b"x" * 70000), [413]),
    ("3,000 tiny headers", get(b"first", b"a: b\r\n" * 3000), [431]),
    ("65 headers", get(b"first", b"a: b\r\n" * 64), [431]),
    ("64 headers", get(b"first", b"a: b\r\n" * 63), TAKEN),
    ("URI 20 kB", get(b"first" + b"x" * 20000), [414]),
]
