"""Speed measured on the machine at hand: each suite starts what it measures and asks it as its users would.

`run` is the way through; a suite is a module with a `SUITE`, listed there. Started by scripts/bench.py; nothing else of
ours imports it.
"""
