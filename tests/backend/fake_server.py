"""An OpenAI-compatible server in a thread, and a `vllm` to start, both without a model."""

from __future__ import annotations

import json
import struct
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from pathlib import Path
from socket import SO_LINGER, SOL_SOCKET
from typing import Any

from alignbench.backend import Engine
from alignbench.backend.model import SHIPPED
from alignbench.backend.server import Server
from alignbench.types import ModelRef

# The shipped model lends its tokenizer.
MODEL = ModelRef("tiny", SHIPPED, "f1")


@dataclass
class Reply:
    content: Any
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    delay: float = 0.0
    # Seconds between two bytes of the content.
    drip: float = 0.0
    # Bytes of the content after which the connection is closed, or, if negative, reset before any.
    cut: int | None = None

    @property
    def bytes(self) -> bytes:
        return self.content if isinstance(self.content, bytes) else json.dumps(self.content).encode()


@dataclass
class Fake:
    """Answers by ``answer(path, body)``; remembers what it was asked."""

    answer: Callable[[str, Any], Reply]
    url: str = ""
    asked: list[tuple[str, Any, dict[str, str]]] = field(default_factory=list)
    times: list[float] = field(default_factory=list)
    under_way: int = 0
    most_under_way: int = 0
    lock: Any = field(default_factory=threading.Lock)

    @property
    def bodies(self) -> list[Any]:
        return [body for _, body, _ in self.asked]


def says(text: str, prompt: int = 10, completion: int = 5, **message: str) -> Reply:
    usage = {"prompt_tokens": prompt, "completion_tokens": completion}
    return Reply({"choices": [{"message": {"role": "assistant", "content": text, **message}}], "usage": usage})


def error(status: int, message: str = "no", **headers: str) -> Reply:
    return Reply({"error": {"message": message}}, status, {k.replace("_", "-"): v for k, v in headers.items()})


def question(body: Any) -> str:
    return str(body["messages"][-1]["content"])


def echo(path: str, body: Any) -> Reply:
    return says(question(body))


def nth(*replies: Reply) -> Callable[[str, Any], Reply]:
    """The replies one after the other, the last one for ever."""
    number = count()
    return lambda path, body: replies[min(next(number), len(replies) - 1)]


def engine(folder: Path, fake: Fake, model: ModelRef = MODEL, **knobs: Any) -> Engine:
    """An engine without patience, whose cache is in ``folder``."""
    defaults = {"cache": str(folder), "retries": 2, "backoff_s": 0.01, "timeout_s": 5.0}
    return Server(**{"base_url": fake.url, **defaults, **knobs}).open(model)


@contextmanager
def serving(answer: Callable[[str, Any], Reply]) -> Iterator[Fake]:
    fake = Fake(answer)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            with fake.lock:
                fake.asked.append((self.path, body, dict(self.headers)))
                fake.times.append(time.monotonic())
                fake.under_way += 1
                fake.most_under_way = max(fake.most_under_way, fake.under_way)
            reply = fake.answer(self.path, body)
            time.sleep(reply.delay)
            with fake.lock:
                fake.under_way -= 1
            if reply.cut is not None and reply.cut < 0:
                self.connection.setsockopt(SOL_SOCKET, SO_LINGER, struct.pack("ii", 1, 0))
                self.close_connection = True
                self.connection.close()
                return
            try:
                self.send_response(reply.status)
                for name, value in reply.headers.items():
                    self.send_header(name, value)
                if "Transfer-Encoding" not in reply.headers:
                    self.send_header("Content-Length", str(len(reply.bytes)))
                self.end_headers()
                content = reply.bytes[: reply.cut]
                for i in range(0, len(content), 1 if reply.drip else max(1, len(content))):
                    self.wfile.write(content[i : i + (1 if reply.drip else len(content))])
                    time.sleep(reply.drip)
            except OSError:
                pass  # the client had no patience

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    fake.url = f"http://127.0.0.1:{server.server_port}/v1"
    try:
        yield fake
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


_VLLM = """#!{python} -S
import json, os, sys, time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
argv = sys.argv[1:]
if "--die" in argv:
    sys.exit("no memory for the weights")
adapters = set()
class Handler(BaseHTTPRequestHandler):
    def reply(self, status, content):
        content = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)
    def do_GET(self):
        self.reply(200 if self.path == "/health" else 404, None)
    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path == "/v1/load_lora_adapter":
            again = body["lora_name"] in adapters
            adapters.add(body["lora_name"])
            message = "this adapter has already been loaded" if again else ""
            return self.reply(400 if again else 200, {{"error": {{"message": message}}}})
        known = body["model"] in adapters or body["model"] == argv[argv.index("--served-model-name") + 1]
        text = f"{{os.getpid()}} {{body['model']}}"
        good = {{"choices": [{{"message": {{"content": text}}}}]}}
        self.reply(200 if known else 404, good if known else {{"error": {{"message": "unknown " + body["model"]}}}})
    def log_message(self, *_): pass
time.sleep(0.2)
ThreadingHTTPServer(("127.0.0.1", int(argv[argv.index("--port") + 1])), Handler).serve_forever()
"""


def fake_vllm(folder: Path) -> Path:
    """An executable that understands what we ask of `vllm serve`; its answers name its process and the model."""
    script = folder / "fake_vllm"
    script.write_text(_VLLM.format(python=sys.executable), encoding="utf-8")
    script.chmod(0o755)
    return script
