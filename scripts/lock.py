"""Writes requirements.lock and requirements-dev.lock from pyproject's pins, all that they need in turn included.

Run by developers as `make lock`. The locks hold names and versions only, no hosts and no hashes, so that they install
from whatever index a machine uses, on every Python that pyproject names.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parent.parent
OLDEST = (3, 11)  # what the oldest Python can have, the newer ones can have too; not the other way round
BY_TORCH = re.compile(r"(nvidia|cuda)-|triton$")  # a CUDA build of torch pins these itself; a CPU build has none


def main(arguments: list[str] | None = None) -> int:
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args(
        arguments
    )
    if sys.version_info[:2] != OLDEST:
        print("Make the lock with Python 3.11: newer ones pick versions that 3.11 cannot install.", file=sys.stderr)
        return 1
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted, tools = project["dependencies"], project["optional-dependencies"]["dev"]
    running, developing = resolve(wanted), resolve(wanted + tools)
    write(ROOT / "requirements.lock", "", running, wanted)
    only_tools = {name: version for name, version in developing.items() if name not in running}
    write(ROOT / "requirements-dev.lock", "-r requirements.lock\n", only_tools, tools)
    changed = sorted(name for name, version in running.items() if developing[name] != version)
    if changed:
        print(f"The tools want other versions of: {', '.join(changed)}. Pin them in pyproject.", file=sys.stderr)
    return 1 if changed else 0


def resolve(requirements: list[str]) -> dict[str, str]:
    """Name to version of everything that pip would install for `requirements`; nothing is installed."""
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as wanted:
        wanted.write("\n".join(requirements))
        wanted.flush()
        command = [sys.executable, "-m", "pip", "install", "-qq", "--dry-run", "--ignore-installed"]
        # Not merely for the one that runs here: Debian 12 has 3.11.2, and there are packages that want 3.11.5.
        command += ["--python-version", "3.11.0", "--only-binary", ":all:", "--target", tempfile.gettempdir()]
        ran = subprocess.run([*command, "--report", "-", "-r", wanted.name], stdout=subprocess.PIPE, check=True)
    found = (item["metadata"] for item in json.loads(ran.stdout)["install"])
    return {one["name"]: one["version"].partition("+")[0] for one in found if not BY_TORCH.match(one["name"])}


def write(path: Path, first: str, versions: dict[str, str], direct: list[str]) -> None:
    """One `name==version` a line; what pyproject restricts to some machines stays restricted."""
    markers = {key(one.name): f"; {one.marker}" for one in map(Requirement, direct) if one.marker}
    names = sorted(versions, key=str.lower)
    lines = [f"{name}=={versions[name]}{markers.get(key(name), '')}\n" for name in names]
    path.write_text("# Made by `make lock` from pyproject.toml: edit that.\n" + first + "".join(lines), "utf-8")
    print(f"{path.name}: {len(lines)} packages")


def key(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


if __name__ == "__main__":
    sys.exit(main())
