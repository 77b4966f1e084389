"""The forward pass of a BERT with mean pooling, such as all-MiniLM-L6-v2, read from the folder of its files.

What sentence-transformers works out for such a model (in 32 bits to six digits, in bfloat16 to a cosine of .9999), for
less: texts of any lengths go through one pass without padding, and neither that library nor transformers is loaded,
which alone takes six seconds. `read` gives None for every other model. Called by adapters/embedding.py.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from worker.adapters import embedding_layers, embedding_tuning
from worker.adapters.embedding_linear import linear
from worker.adapters.embedding_pass import compiled

if TYPE_CHECKING:
    from worker.ports.world import Vectors

PASS = 512  # word pieces of one forward pass: more of them gain less than a tenth, and take kernels of their own
DEEP = 4  # layers that are asked where more is wanted than vectors
TUNED = 2  # the last layers, which examples can tune
LATELY = 2_048  # word pieces of the last texts, of which is kept what comes out below those layers
_WORDS = "embeddings.word_embeddings.weight"
_MODULES = ["Transformer", "Pooling", "Normalize"]
_ELSEWISE = {"is_decoder", "add_cross_attention"}  # of a configuration: what makes it another model where it is true


class Bert:
    """`dim`: numbers of a vector; `reads`: word pieces of a text, the two around it among them; `layers`: how many;
    `deep`: the last ones, last first; `file`: of the weights; `brief`: whether its linear layers are bfloat16
    (embedding_linear.py). The pass itself is embedding_pass.py.

    Not for several threads at once.
    """

    def __init__(
        self, weights: dict[str, Any], config: dict[str, Any], tokenizer: Any, reads: int, *, file: Path, brief: bool
    ) -> None:
        tokenizer.no_padding()
        tokenizer.no_truncation()
        self._tokenizer = tokenizer
        self.reads = reads
        self.dim = int(config["hidden_size"])
        self.layers = int(config["num_hidden_layers"])
        self.deep = tuple(range(self.layers, max(self.layers - DEEP, 0), -1))
        self.brief = brief
        at = "embeddings."
        kind = weights[f"{at}token_type_embeddings.weight"][0]
        self._heads = int(config["num_attention_heads"])
        self._slight = float(config["layer_norm_eps"])
        self._weights = {
            "words": weights[_WORDS].float(),
            "places": weights[f"{at}position_embeddings.weight"][:reads] + kind,
            **_named("norm", _norm(weights, f"{at}LayerNorm")),
        }
        self._layers = [_layer(weights, f"encoder.layer.{number}.", brief) for number in range(self.layers)]
        self._program = compiled()
        self._file = file
        last = tuple(range(self.layers)[-TUNED:])
        self._shape = embedding_tuning.Shape(last, self._heads, self._slight, brief)
        self._below = self.layers - len(last)
        self._lately: dict[str, Any] = {}
        self._tuned = lru_cache(maxsize=2)(self._read_tuned)  # while an index is swapped, two are asked

    def spans(self, text: str) -> list[tuple[int, int]]:
        """Where each word piece of the text begins and ends, however many there are."""
        return list(self._tokenizer.encode(text, add_special_tokens=False).offsets)

    def pieces(self, texts: Sequence[str]) -> list[list[int]]:
        """The numbers of each text's word pieces, no more than the model reads, the last one always the closing one."""
        told = (encoding.ids for encoding in self._tokenizer.encode_batch(list(texts)))
        return [ids if len(ids) <= self.reads else [*ids[: self.reads - 1], ids[-1]] for ids in told]

    def encode(self, texts: Sequence[str], layers: Sequence[int] = ()) -> Vectors:
        """(len(texts), dim) unit vectors; of several `layers`, 1..self.layers, side by side."""
        import torch

        pieces, asked = self.pieces(texts), list(layers) or [self.layers]
        vectors = np.empty((len(texts), len(asked), self.dim), dtype=np.float32)
        passes = list(_passes([len(ids) for ids in pieces]))

        def one(at: tuple[int, int]) -> Any:
            ids, lengths = _joined(pieces[slice(*at)])
            with torch.inference_mode():
                told, below = self._program.views(*self._parts, ids, lengths, asked, self._below)
            vectors[slice(*at)] = told.numpy()
            return below.split(lengths)

        for at, below in zip(passes, _side_by_side(one, passes), strict=True):
            self._keep(texts[slice(*at)], below)
        return vectors.reshape(len(texts), -1)

    def tuned(self, texts: Sequence[str], stored: bytes) -> Vectors:
        """(len(texts), dim) unit vectors with the last layers that `tune` gave. Of texts that were encoded last only
        those layers are worked out. Permanent for layers of another model."""
        import torch

        layers, states = self._tuned(stored), self._states_below(texts)
        vectors, lengths = np.empty((len(texts), self.dim), dtype=np.float32), [len(state) for state in states]

        def one(at: tuple[int, int]) -> Any:
            with torch.inference_mode():
                state = torch.cat(states[slice(*at)])
                return self._program.onward(layers, self._heads, self._slight, state, lengths[slice(*at)])

        passes = list(_passes(lengths))
        for at, told in zip(passes, _side_by_side(one, passes), strict=True):
            vectors[slice(*at)] = told[:, 0].numpy()
        return vectors

    def tune(self, texts: Sequence[str], groups: NDArray[Any]) -> bytes:
        """See world.Tunable."""
        pieces = [[*ids[: embedding_tuning.AT_MOST - 1], ids[-1]] for ids in self.pieces(texts)]
        own = embedding_layers.own(self._file, self._shape.layers)
        tuned = embedding_tuning.tune(own, self._shape, self._up_to_tuned(pieces), groups)
        return embedding_layers.pack(own, tuned)

    def states(self, pieces: Sequence[Sequence[int]], layers: Sequence[int] = ()) -> list[list[Any]]:
        """What the asked `layers` (1..self.layers; the last one by default) say of each text: for each layer, for each
        text a tensor (its word pieces, dim). One pass, whatever is asked: it is worked out anyway."""
        import torch

        ids, lengths = _joined(pieces)
        with torch.inference_mode():
            found = self._program.states(*self._parts, ids, lengths)
            return [list(found[number - 1].split(lengths)) for number in (layers or (self.layers,))]

    def _up_to_tuned(self, pieces: Sequence[Sequence[int]]) -> list[Any]:
        """For each text what comes out below the layers that can be tuned: (its word pieces, dim)."""
        import torch

        layers = self._layers[: self._below]

        def one(at: tuple[int, int]) -> Any:
            ids, lengths = _joined(pieces[slice(*at)])
            with torch.inference_mode():
                told = self._program.states(self._weights, layers, self._heads, self._slight, ids, lengths)
            return told[-1].split(lengths)

        passes = list(_passes([len(ids) for ids in pieces]))
        return [below for some in _side_by_side(one, passes) for below in some]

    def _states_below(self, texts: Sequence[str]) -> list[Any]:
        missing = [text for text in dict.fromkeys(texts) if text not in self._lately]
        made = dict(zip(missing, self._up_to_tuned(self.pieces(missing)), strict=True)) if missing else {}
        return [made[text] if text in made else self._lately[text] for text in texts]

    def _keep(self, texts: Sequence[str], states: Sequence[Any]) -> None:
        """However long the texts are: no more than LATELY word pieces, and those of one pass."""
        self._lately |= dict(zip(texts, states, strict=True))
        kept = sum(len(state) for state in self._lately.values())
        while kept > LATELY:
            kept -= len(self._lately.pop(next(iter(self._lately))))

    def _read_tuned(self, stored: bytes) -> list[dict[str, Any]]:
        weights = embedding_layers.unpack(embedding_layers.own(self._file, self._shape.layers), stored)
        return [_layer(weights, f"encoder.layer.{number}.", self.brief) for number in self._shape.layers]

    @property
    def _parts(self) -> tuple[Any, ...]:
        return self._weights, self._layers, self._heads, self._slight


def _joined(pieces: Sequence[Sequence[int]]) -> tuple[Any, list[int]]:
    """The word pieces of all texts in one row, and how many each has."""
    import torch

    return torch.tensor([one for text in pieces for one in text]), [len(text) for text in pieces]


def read(folder: Path, *, brief: bool = False) -> Bert | None:
    """The model in `folder`; None where it is not exactly a BERT with mean pooling and unit vectors. `brief`: in
    bfloat16."""
    try:
        return _read(folder, brief)
    except (OSError, ValueError, KeyError, TypeError):
        return None  # sentence-transformers judges it, and says what is wrong


def _read(folder: Path, brief: bool) -> Bert | None:
    from safetensors import safe_open
    from safetensors.torch import load_file
    from tokenizers import Tokenizer

    modules = _json(folder / "modules.json")
    config, around = _json(folder / "config.json"), _json(folder / "sentence_bert_config.json")
    if not (_names(modules) == _MODULES and _is_plain(config, around, folder) and _by_mean(folder, modules[1])):
        return None
    weights = load_file(folder / "model.safetensors")
    with safe_open(folder / "model.safetensors", framework="pt") as file:
        # Mapped by itself, as all else is copied: of the file only rows that somebody's words need stay in memory.
        weights[_WORDS] = file.get_tensor(_WORDS)
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    reads = int(around["max_seq_length"])
    return Bert(weights, config, tokenizer, reads, file=folder / "model.safetensors", brief=brief)


def _names(modules: Any) -> list[str]:
    ours = [one["type"] for one in modules if one["type"].startswith("sentence_transformers.")]
    return [name.rpartition(".")[2] for name in ours] if len(ours) == len(modules) and not modules[0]["path"] else []


def _is_plain(config: dict[str, Any], around: dict[str, Any], folder: Path) -> bool:
    prompts = folder / "config_sentence_transformers.json"
    return (
        config["model_type"] == "bert"
        and config["hidden_act"] == "gelu"
        and config.get("position_embedding_type", "absolute") == "absolute"
        and not any(config.get(name) for name in _ELSEWISE)
        and not around.get("do_lower_case")
        and 2 < int(around["max_seq_length"]) <= int(config["max_position_embeddings"])
        and not (prompts.exists() and _json(prompts).get("default_prompt_name"))
    )


def _by_mean(folder: Path, pooling: dict[str, Any]) -> bool:
    told = _json(folder / pooling["path"] / "config.json")
    modes = {name for name, used in told.items() if name.startswith("pooling_mode") and used}
    return modes == {"pooling_mode_mean_tokens"} or (modes == {"pooling_mode"} and told["pooling_mode"] == "mean")


def _json(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def _layer(weights: Mapping[str, Any], at: str, brief: bool) -> dict[str, Any]:
    """As embedding_pass.Program has it."""
    import torch

    three = [_pair(weights, f"{at}attention.self.{name}") for name in ("query", "key", "value")]
    linears = {
        "mixed": (torch.cat([weight for weight, _ in three]), torch.cat([bias for _, bias in three])),
        "told": _pair(weights, f"{at}attention.output.dense"),
        "wide": _pair(weights, f"{at}intermediate.dense"),
        "narrow": _pair(weights, f"{at}output.dense"),
    }
    laid_out = {name: linear(*pair, brief=brief) for name, pair in linears.items()}
    norms = {
        "told_norm": _norm(weights, f"{at}attention.output.LayerNorm"),
        "norm": _norm(weights, f"{at}output.LayerNorm"),
    }
    return {key: one for name, pair in (laid_out | norms).items() for key, one in _named(name, pair).items()}


def _named(name: str, pair: tuple[Any, Any]) -> dict[str, Any]:
    return {name: pair[0], f"{name}_bias": pair[1]}


def _norm(weights: Mapping[str, Any], name: str) -> tuple[Any, Any]:
    """Copied, as all is but the words: a view of the file would keep all of it in memory that was ever read."""
    weight, bias = _pair(weights, name)
    return weight.clone(), bias.clone()


def _pair(weights: Mapping[str, Any], name: str) -> tuple[Any, Any]:
    return weights[f"{name}.weight"].float(), weights[f"{name}.bias"].float()


def _side_by_side(one: Callable[[tuple[int, int]], Any], passes: Sequence[tuple[int, int]]) -> Iterator[Any]:
    """What `one` makes of each pass, in order. As many at a time as this thread may use cores: two passes with a core
    each take three quarters of what they take one after the other with two, which wait for each other at each step."""
    import torch

    cores = torch.get_num_threads()
    if min(cores, len(passes)) < 2:
        yield from map(one, passes)
        return
    # What torch is told there holds for threads that have not used it yet as well: who embeds says how many it may use.
    with ThreadPoolExecutor(min(cores, len(passes)), initializer=torch.set_num_threads, initargs=(1,)) as threads:
        yield from threads.map(one, passes)


def _passes(lengths: Sequence[int]) -> Iterator[tuple[int, int]]:
    """From where to where the texts of each pass go."""
    start, room = 0, PASS
    for number, length in enumerate(lengths):
        if number > start and length > room:
            yield start, number
            start, room = number, PASS
        room -= length
    yield start, len(lengths)
