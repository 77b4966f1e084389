"""What would be passed over of what an operator wrote: lines of `.env`, and variables with misspelt names.

A line that nobody can read is no setting, and one with a misspelt name is nobody's: the process would start without
what its operator wrote, in another delivery mode, say. Called by settings.py only.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from dotenv import dotenv_values
from dotenv.parser import parse_stream

from worker.errors import BadConfiguration

LIKE = (
    0.85  # of difflib's ratio, from which a name is taken for another one misspelt: DELIVERY_MOD is .96, REDIS_URI .89
)


def readable(path: Path, whose: str) -> str:
    """What stands in a file that an operator named. Raises BadConfiguration."""
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise BadConfiguration(
            f"{whose}: {path} cannot be read ({error.strerror}): check its name and rights"
        ) from None
    except UnicodeDecodeError:
        raise BadConfiguration(f"{whose}: {path} is not UTF-8: save it as UTF-8") from None


class Unread(str):
    """In place of a value whose file cannot be read: the sentence on it."""

    __slots__ = ()


@dataclass(frozen=True)
class PassedOver:
    """What would be passed over. `meant`: the setting that its name nearly is; "" where a line does not tell."""

    meant: str
    sentence: str


def wrong_lines(path: Path, names: Collection[str]) -> list[PassedOver]:
    """Each line that holds no setting, and each name that is none of `names` (in capitals) but nearly one. Other names
    are left alone: compose and other tools read this file too. Raises BadConfiguration if the file cannot be read."""
    readable(path, "Settings")
    problems = []
    with path.open(encoding="utf-8") as file:
        for line in parse_stream(file):
            at = f"{path}, line {line.original.line}"
            if line.error or (line.key is not None and line.value is None):
                problems.append(PassedOver("", f"{at}: write NAME=value, and close each quotation mark that you open"))
            elif line.key is not None and (meant := _meant(line.key.upper(), names)):
                problems.append(PassedOver(meant, f"{at}, {line.key}: there is no such setting. Did you mean {meant}?"))
    return problems


def misspelt_variables(names: Collection[str], words: Mapping[str, Collection[str]]) -> list[PassedOver]:
    """The environment variables that can only be meant for us: none of `names`, but nearly one of `words`, and with one
    of the words that this setting takes."""
    return [_passed_over(name, meant) for name, meant in _near(names) if _is_ours(name, meant, words)]


def odd_variables(names: Collection[str], words: Mapping[str, Collection[str]]) -> list[PassedOver]:
    """The others that are nearly one of `names`: other programs have a LOGLEVEL, a DATA_DIRS or a DELIVERY_NODE, which
    must not keep us from starting. Not those whose setting is there too: who wrote that one means others by these."""
    here = {name.upper() for name, value in os.environ.items() if value}
    near = [(name, meant) for name, meant in _near(names) if not _is_ours(name, meant, words)]
    return [_passed_over(name, meant) for name, meant in near if not {meant, meant.removesuffix("_FILE")} & here]


def _near(names: Collection[str]) -> list[tuple[str, str]]:
    """Variables that are set and nearly one of `names`, each with that one, in the order of the alphabet."""
    set_here = sorted(name for name, value in os.environ.items() if value)
    return [(name, meant) for name in set_here if (meant := _meant(name.upper(), names))]


def _is_ours(name: str, meant: str, words: Mapping[str, Collection[str]]) -> bool:
    return os.environ.get(name, "").strip().lower() in words.get(meant, ())


def _passed_over(name: str, meant: str) -> PassedOver:
    """Without the value, which may be a secret."""
    return PassedOver(meant, f"Environment variable {name}: there is no such setting. Did you mean {meant}?")


def files_named(path: Path, names: Collection[str]) -> Mapping[str, Path]:
    """For each of `names` the file that holds its value, after NAME_FILE in the environment or else in the file at
    `path`; there a file that is not named from the root is beside it."""
    here = {key.upper(): value for key, value in dotenv_values(path, encoding="utf-8").items() if value}
    found = {name: path.parent / here[f"{name}_FILE"] for name in names if f"{name}_FILE" in here}
    return found | {name: Path(value) for name in names if (value := os.environ.get(f"{name}_FILE"))}


def file_values(path: Path, names: Collection[str]) -> dict[str, str]:
    """What the files hold that `files_named` finds, without the line end at its end; Unread where one cannot be read.
    Empty ones count as unset."""
    values = {name: _file_value(file, f"{name}_FILE") for name, file in files_named(path, names).items()}
    return {name: value for name, value in values.items() if value}


def _file_value(path: Path, whose: str) -> str:
    try:
        return readable(path, whose).rstrip("\r\n")
    except BadConfiguration as error:
        return Unread(error)


def _meant(key: str, names: Collection[str]) -> str:
    plain = key.removesuffix("_FILE")
    if key in names or plain in names:
        return ""
    [meant] = get_close_matches(plain, names, n=1, cutoff=LIKE) or [""]
    return f"{meant}_FILE" if meant and plain != key else meant
