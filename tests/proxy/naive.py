"""A backend as it should not be, for the check of the check: it forgives what is malformed, takes the last length, has
no eye for the body of a GET or HEAD, and is slow enough to answer what was hidden when somebody else waits."""
import asyncio
import ssl
import threading

from chain import Passed, free_port

THINKING_SECONDS = 0.03


class Naive:
    """A thread of its own; the requests that it ran, by the id in their answer."""

    def __init__(self, certificate, key):
        self.port = free_port()
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(certificate, key)
        self.ran = {}
        self.loop = self.over = None
        self.started = threading.Event()
        self.thread = threading.Thread(target=lambda: asyncio.run(self._serve()), daemon=True)

    def __enter__(self):
        self.thread.start()
        if not self.started.wait(10):
            raise SystemExit("proxy: the naive backend did not start")
        return self

    def __exit__(self, *_):
        self.loop.call_soon_threadsafe(self.over.set)
        self.thread.join(10)

    async def _serve(self):
        self.loop, self.over = asyncio.get_running_loop(), asyncio.Event()
        self.loop.set_exception_handler(lambda *_: None)  # peers that break off are the point
        await asyncio.start_server(self._talk, "127.0.0.1", self.port, ssl=self.context)
        self.started.set()
        await self.over.wait()

    async def _talk(self, reader, writer):
        try:
            while await self._answer(reader, writer):
                pass
        except (OSError, ValueError, IndexError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass
        writer.close()

    async def _answer(self, reader, writer):
        line = await reader.readline()
        while line in (b"\r\n", b"\n"):
            line = await reader.readline()
        if not line:
            return False
        method, path = line.decode("latin-1").split()[:2]
        length, is_chunked, closes = 0, False, False
        while True:
            name, _, value = (await reader.readline()).decode("latin-1").partition(":")
            if not name.strip():
                break
            name, value = name.strip().lower(), value.strip().lower()
            length = int(value) if name == "content-length" else length
            is_chunked |= name == "transfer-encoding" and "chunked" in value
            closes |= name == "connection" and "close" in value
        if is_chunked:
            while size := int((await reader.readline()).split(b";")[0], 16):
                await reader.readexactly(size)
                await reader.readline()
            while (await reader.readline()).strip():
                pass
        elif method not in ("GET", "HEAD"):
            await reader.readexactly(length)
        await asyncio.sleep(THINKING_SECONDS)
        name = f"naive-{len(self.ran)}"
        self.ran[name] = Passed(method, path)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nX-Request-Id: %s\r\n\r\n%s"
                     % (0 if method == "HEAD" else 2, name.encode(), b"" if method == "HEAD" else b"ok"))
        await writer.drain()
        return not closes
