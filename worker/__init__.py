"""Deskhand: answers support e-mail for a Freshdesk account. Read `support/pipeline.py` second, after the README."""

__version__ = "0.1.0"
