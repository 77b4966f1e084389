#!/bin/sh
# Prints the Python to make the virtual environment with: the first on PATH that deskhand runs on and that was compiled
# with profile-guided optimisation, as distributions and Docker's images have it; else the first that it runs on.
# pyenv's has not unless one asks for it: the guards take 1.25 times as long with it, a whole ticket 1.13 times.

usage='usage: choose_python.sh
Prints the Python on PATH to make the virtual environment with, or an empty line.'
case "${1:-}" in
-h | --help) echo "$usage" && exit ;;
?*) echo "choose_python.sh: it takes no arguments, and got $1
$usage" >&2 && exit 2 ;;
esac

works='import ensurepip, sys, venv; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))'
# Debian does the optimising in its own build rules, and configure's arguments do not show it.
optimised='import sys, sysconfig as s
sys.exit(sys.base_prefix != "/usr" and "--enable-optimizations" not in (s.get_config_var("CONFIG_ARGS") or ""))'

first=
for python in python3 python3.13 python3.12 python3.11 /usr/bin/python3; do
    "$python" -c "$works" 2>/dev/null || continue
    if "$python" -c "$optimised"; then
        echo "$python"
        exit
    fi
    first=${first:-$python}
done
echo "$first"
