"""The dashboard: what is in the sandbox, what it sent, what it was asked, and what could happen next.

A module a page. They share a blueprint, the words for each kind of object (`kinds`), and the reading of the store.
"""

from randonumber.sandbox.pages.dashboard import (
    api_requests,
    deliveries,
    doing,
    fault_plan,
    lists,
    mail,
    object_page,
    overview,
)
from randonumber.sandbox.pages.dashboard.blueprint import pages

__all__ = ["api_requests", "deliveries", "doing", "fault_plan", "lists", "mail", "object_page", "overview", "pages"]
