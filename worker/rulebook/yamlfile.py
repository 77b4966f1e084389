"""One YAML file with the line of everything in it, so that a refusal can say where to look.

Keys that come twice are refused here: YAML would silently keep the last one, and half a rule would be gone.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

_YAML: Any = getattr(
    yaml, "CSafeLoader", yaml.SafeLoader
)  # in C where it was built: every process reads rules at start


@dataclass(frozen=True)
class YamlFile:
    """`shown` is how the file is called in messages. `said` is None where it could not be read: then see `problems`."""

    shown: str
    said: dict[str, Any] | None = None
    problems: tuple[str, ...] = ()
    root: yaml.Node | None = field(default=None, repr=False)

    def line(self, where: Sequence[str | int]) -> int:
        """The line, from 1, of the deepest part of the path `where` that the file has."""
        node = self.root
        line = 1
        for part in where:
            node = _inside(node, part)
            if node is None:
                break
            line = node.start_mark.line + 1
        return line


def read(path: Path) -> YamlFile:
    shown = str(path)
    try:
        text = path.read_text(encoding="utf-8")
        root = yaml.compose(text, Loader=_YAML)
        said = yaml.load(text, Loader=_YAML)  # noqa: S506 - both loaders are safe
    except FileNotFoundError:
        link = f" It is a link to {os.readlink(path)}, where nothing is." if path.is_symlink() else ""
        return YamlFile(shown, problems=(f"{shown}: there is no such file.{link}",))
    except OSError as error:
        return YamlFile(shown, problems=(f"{shown}: it cannot be read ({error.strerror}): let this user read it.",))
    except UnicodeDecodeError:
        return YamlFile(shown, problems=(f"{shown}: save it as UTF-8; it has characters that cannot be read.",))
    except yaml.YAMLError as error:
        return YamlFile(shown, problems=(f"{shown}{_mark(error)}: this is not YAML ({_problem(error)}).",))
    except ValueError as error:  # a date such as 2026-02-31
        return YamlFile(shown, problems=(f"{shown}: put quotes around a value that YAML takes for a date ({error}).",))
    if not isinstance(said, dict):
        return YamlFile(shown, problems=(f"{shown}: it is empty, or not made of lines like `name: value`.",))
    return YamlFile(shown, said, tuple(f"{shown}, {twice}" for twice in _twice(root)), root)


def _inside(node: yaml.Node | None, part: str | int) -> yaml.Node | None:
    if isinstance(node, yaml.MappingNode):
        return next((value for key, value in node.value if key.value == part), None)
    if isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
        found: yaml.Node = node.value[part]
        return found
    return None


def _twice(node: yaml.Node | None) -> Iterator[str]:
    if isinstance(node, yaml.MappingNode):
        seen: dict[str, int] = {}
        for key, value in node.value:
            line = key.start_mark.line + 1
            if key.value in seen:
                yield f'line {line}: "{key.value}" is already given in line {seen[key.value]}; keep one of them.'
            seen.setdefault(key.value, line)
            yield from _twice(value)
    elif isinstance(node, yaml.SequenceNode):
        for entry in node.value:
            yield from _twice(entry)


def _mark(error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)
    return f", line {mark.line + 1}" if mark else ""


def _problem(error: yaml.YAMLError) -> str:
    return str(getattr(error, "problem", None) or "it cannot be read")
