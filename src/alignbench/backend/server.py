"""An OpenAI-compatible server: any as generator and judge, vLLM's also for exact option scores."""

from dataclasses import dataclass

from alignbench.backend import Backend, Engine
from alignbench.backend.server_engine import ServerEngine
from alignbench.backend.server_knobs import ServerKnobs
from alignbench.types import ModelRef, check


@dataclass(frozen=True)
class Server(ServerKnobs, Backend):
    """Where the server is, or how to start one; how hard it is asked; what may be spent."""

    def verify(self) -> None:
        """Key and program must be there; whether a server answers is seen at the first call."""
        check(not self.key_env or bool(self.key), "backend.key_env", self.key_env, "this variable is not set, or empty")
        remedy = "not installed: pip install 'alignbench[vllm]', or give the path of a vllm in another environment"
        check(not self.start or self.executable is not None, "backend.command", self.command, remedy)

    def open(self, model: ModelRef) -> Engine:
        """An engine; the server is asked, or started, at the first call."""
        self.verify()
        return ServerEngine(model, self)
