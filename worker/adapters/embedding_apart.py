"""An embedding model in a process of its own, for whoever has other work meanwhile.

Loading torch and embedding hold the interpreter about half of the time: rows that are packed and sent to Milvus in the
same process wait for it, and it for them. The process begins to load at once and ends with whoever started it, however
that ends. Called by bootstrap_kb.py. Workers have no use for it: their threads wait for what they embed.
"""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from worker.errors import Retryable

if TYPE_CHECKING:  # importing it would take our process as long again as all else that it needs of ours
    from worker.ports.world import Vectors

_ROOT = Path(__file__).resolve().parent.parent.parent
_PRECISIONS: dict[str, bool | None] = {"auto": None, "float32": False, "bfloat16": True}


class Apart:
    """`name`: what the model is called; `model`: as MiniLmEmbedder takes it; `precision`: as in EMBEDDING_PRECISION.
    Implements world.Embedder, world.Deep and world.Tunable, for several threads.

    What the other process raised is raised here, by whoever asks first; Retryable where it is gone.
    """

    def __init__(self, name: str, model: str | None, precision: str) -> None:
        self.name = name
        self._one = threading.Lock()
        self._dim = 0
        command = [sys.executable, "-P", "-m", "worker.adapters.embedding_apart", name, precision, model or ""]
        path = os.pathsep.join(filter(None, [str(_ROOT), os.environ.get("PYTHONPATH")]))
        try:
            self._process = subprocess.Popen(  # noqa: S603
                command, env=os.environ | {"PYTHONPATH": path}, stdin=subprocess.PIPE, stdout=subprocess.PIPE
            )
        except OSError as error:
            raise Retryable(f"the embedding process cannot be started: {error.strerror}", part="embedding") from None

    @property
    def dim(self) -> int:
        with self._one:
            return self._loaded()

    def embed(self, texts: Sequence[str]) -> Vectors:
        return np.asarray(self._asked("embed", list(texts)))

    def views(self, texts: Sequence[str]) -> Vectors | None:
        told = self._asked("views", list(texts))
        return None if told is None else np.asarray(told)

    def tune(self, texts: Sequence[str], groups: NDArray[Any]) -> bytes:
        return bytes(self._asked("tune", list(texts), groups))

    def tuned(self, texts: Sequence[str], layers: bytes) -> Vectors:
        return np.asarray(self._asked("tuned", list(texts), layers))

    def close(self) -> None:
        """Ends the process, whatever it is at. Safe to repeat."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            with suppress(OSError):  # what it was asked last may still be on its way
                if pipe:
                    pipe.close()

    def _asked(self, what: str, *told: Any) -> Any:
        with self._one:
            self._loaded()
            question = pickle.dumps((what, told), protocol=pickle.HIGHEST_PROTOCOL)
            try:
                assert self._process.stdin is not None
                self._process.stdin.write(question)
                self._process.stdin.flush()
            except (OSError, ValueError):
                raise self._gone() from None
            except BaseException:  # half a question
                self.close()
                raise
            return self._answer()

    def _loaded(self) -> int:
        if not self._dim:
            self._dim = int(self._answer())
        return self._dim

    def _answer(self) -> Any:
        assert self._process.stdout is not None
        try:
            good, told = pickle.load(self._process.stdout)  # noqa: S301 - written by `_serve`, in our own process
        except Exception:  # what does not unpickle can be of any kind
            self.close()
            raise self._gone() from None
        except BaseException:  # the answer is still to come, and would be taken for that of the next question
            self.close()
            raise
        if good:
            return told
        raise told

    def _gone(self) -> Retryable:
        return Retryable("the embedding process is gone", part="embedding")


def _serve(name: str, precision: str, model: str) -> None:
    """In the other process: says how long vectors are, then answers until nobody asks any more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # of a terminal: it is for whoever started us, and we end with them
    with os.fdopen(os.dup(1), "wb") as answers:
        os.dup2(2, 1)  # whatever a library prints must not get among the answers

        def told(good: bool, what: Any) -> None:
            pickle.dump((good, what), answers, protocol=pickle.HIGHEST_PROTOCOL)
            answers.flush()

        try:
            from worker.adapters.embedding import MiniLmEmbedder

            embedder = MiniLmEmbedder(model or None, brief=_PRECISIONS[precision], name=name)
        except Exception as error:
            told(False, error)
            return
        told(True, embedder.dim)
        while True:
            try:
                what, given = pickle.load(sys.stdin.buffer)  # noqa: S301 - written by `Apart`, which started us
            except EOFError:
                return
            try:
                answer = getattr(embedder, what)(*given)
            except Exception as error:
                told(False, error)
            else:
                told(True, answer)


if __name__ == "__main__":
    with suppress(BrokenPipeError, pickle.UnpicklingError):  # whoever asked is gone
        _serve(*sys.argv[1:])
    sys.stderr.flush()
    os._exit(0)  # nothing is open here, and the model's library takes long to be taken apart
