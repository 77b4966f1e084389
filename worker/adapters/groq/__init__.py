"""Groq as a `ports.Writer`: a chain of models behind one call. Bootstrap alone imports this."""

from worker.adapters.groq.writer import GroqWriter

__all__ = ["GroqWriter"]
