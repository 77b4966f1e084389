"""Freshdesk over its REST API v2, as a `ports.Helpdesk`. Bootstrap alone imports this."""

from worker.adapters.freshdesk.desk import FreshdeskHelpdesk
from worker.adapters.freshdesk.verdicts import Limits

__all__ = ["FreshdeskHelpdesk", "Limits"]
