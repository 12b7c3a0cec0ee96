"""Bytes over TLS and plainly, and what came back taken apart."""
import asyncio
import re
import ssl

QUIET_SECONDS = 1.5  # after which whoever has not answered waits for more
LONGEST_SECONDS = 15
STATUS = re.compile(rb"HTTP/1\.1 (\d{3})")
FAILURES = (OSError, asyncio.IncompleteReadError, asyncio.TimeoutError, ValueError)


def tls(certificate):
    context = ssl.create_default_context(cafile=certificate)
    context.check_hostname = False
    return context


class Answer:
    def __init__(self, status, head):
        self.status = status
        self.closes = b"\r\nconnection: close" in head.lower()
        found = re.search(rb"\r\nx-request-id: ([^\r]*)", head, re.IGNORECASE)
        self.request_id = found.group(1).decode() if found else None


def _body_length(head, rest):
    if re.search(rb"\r\ntransfer-encoding: chunked", head, re.IGNORECASE):
        end = rest.find(b"0\r\n\r\n")
        return len(rest) if end < 0 else end + 5
    found = re.search(rb"\r\ncontent-length: (\d+)", head, re.IGNORECASE)
    # The answer to HEAD has no body; no body that we know of begins like an answer.
    return 0 if not found or rest.startswith(b"HTTP/1.") else int(found.group(1))


def answers(received):
    """The final answers in what a connection received; what is no answer ends them."""
    found = []
    while STATUS.match(received):
        head, _, rest = received.partition(b"\r\n\r\n")
        status = int(STATUS.match(head).group(1))
        if status < 200:
            received = rest
            continue
        found.append(Answer(status, head))
        received = rest[_body_length(head, rest):]
    return found


class Client:
    """One connection, opened when it is needed."""

    def __init__(self, port, context, address):
        self.port, self.context, self.address = port, context, address
        self.reader = self.writer = None

    async def open(self):
        self.reader, self.writer = await asyncio.wait_for(
            asyncio.open_connection("127.0.0.1", self.port, ssl=self.context, local_addr=(self.address, 0)),
            LONGEST_SECONDS)

    async def close(self):
        if self.writer:
            self.writer.transport.abort()
        self.reader = self.writer = None
        await asyncio.sleep(0)

    async def probe(self, text):
        """Sends it all; (what came until the end or until nothing more came, whether it ended)."""
        received, ended = b"", False
        try:
            await self.open()
            self.writer.write(text)
            while not ended:
                part = await asyncio.wait_for(self.reader.read(65536), QUIET_SECONDS)
                received += part
                ended = not part
        except asyncio.TimeoutError:
            pass
        except FAILURES:
            ended = True
        await self.close()
        return received, ended

    async def ask(self, text):
        """One honest request; its answer, or None."""
        try:
            if self.writer is None or self.reader.at_eof():
                await self.open()
            self.writer.write(text)
            head = await asyncio.wait_for(self.reader.readuntil(b"\r\n\r\n"), LONGEST_SECONDS)
            await asyncio.wait_for(self.reader.readexactly(_body_length(head, b"")), LONGEST_SECONDS)
            return Answer(int(STATUS.match(head).group(1)), head)
        except (*FAILURES, AttributeError):
            await self.close()
            return None
