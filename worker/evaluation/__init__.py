"""Quality measured on files: each suite runs the code that answers customers and counts how often it was right.

`run` is the way through; a suite is a module with a `SUITE`, listed there. Started by scripts/evaluate.py; nothing else
of ours imports it.
"""
