"""Freshdesk's JSON as types. Tolerant: unknown fields are ignored, null means the default, enums are plain integers.

Vendor words stay in here and in words.py. `id` alone is required of everything that has one.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

_HALF = re.compile("[\ud800-\udfff]")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

# Samples carry both "Z" and "+05:30"; a time without any offset is UTC.
Moment = Annotated[datetime, AfterValidator(lambda at: at.replace(tzinfo=at.tzinfo or UTC).astimezone(UTC))]


def _without_nulls(value: Any) -> Any:
    return [one for one in value if one is not None] if isinstance(value, list) else value


Texts = Annotated[list[str], BeforeValidator(_without_nulls)]


def _whole(value: Any) -> Any:
    r"""Text in which no half of a character stands alone: JSON lets an emoji be cut in two ("\ud83d"), and neither the
    embedding model nor anything that is sent as UTF-8 takes what is left. Shapes inside a shape see to themselves."""
    if isinstance(value, str):
        return value if value.isascii() else _HALF.sub("\ufffd", value)
    if isinstance(value, list):
        return [_whole(one) if isinstance(one, str) else one for one in value]
    if isinstance(value, dict):
        return {_whole(key): _whole(one) for key, one in value.items()}
    return value


class Shape(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _null_is_absent(cls, value: Any) -> Any:
        return {k: _whole(v) for k, v in value.items() if v is not None} if isinstance(value, dict) else value


class RequesterShape(Shape):
    id: int
    name: str = ""
    email: str = ""
    mobile: str = ""
    phone: str = ""


class ContactShape(RequesterShape):
    other_emails: Texts = Field(default_factory=list)
    deleted: bool = False
    created_at: Moment = EPOCH


class ConversationShape(Shape):
    id: int
    body: str = ""
    body_text: str = ""
    incoming: bool = False
    private: bool = False
    source: int = 0
    user_id: int | None = None
    from_email: str = ""
    deleted: bool = False
    created_at: Moment = EPOCH


def _conversation(row: Any) -> ConversationShape | None:
    try:
        return ConversationShape.model_validate(row)
    except ValidationError:
        return None


class TicketShape(Shape):
    """`unread`: how many of the conversations that came with it cannot be read; they are left out."""

    id: int
    subject: str = ""
    description: str = ""
    description_text: str = ""
    status: int = 0
    priority: int = 1
    source: int = 0
    requester_id: int = 0
    responder_id: int | None = None
    group_id: int | None = None
    email_config_id: int | None = None
    association_type: int = 0
    tags: Texts = Field(default_factory=list)
    custom_fields: dict[str, Any] = Field(default_factory=dict)
    spam: bool = False
    deleted: bool = False
    created_at: Moment = EPOCH
    updated_at: Moment = EPOCH
    requester: RequesterShape | None = None
    conversations: list[ConversationShape] = Field(default_factory=list)
    unread: int = 0

    @model_validator(mode="before")
    @classmethod
    def _odd_conversations_apart(cls, value: Any) -> Any:
        if not isinstance(value, dict) or not isinstance(rows := value.get("conversations", []), list):
            return value
        read = [row for row in map(_conversation, rows) if row is not None]
        return value | {"conversations": read, "unread": len(rows) - len(read)}


class ListedTicketShape(Shape):
    """A row of a listing: read apart from TicketShape so that an odd field we do not need cannot stop a sweep."""

    id: int
    custom_fields: dict[str, Any] = Field(default_factory=dict)
    created_at: Moment = EPOCH
    updated_at: Moment


class CreatedShape(Shape):
    """The answer to a reply or note; `created_at` is None where the server left it out."""

    id: int
    created_at: Moment | None = None


class ChangedShape(Shape):
    id: int


class AgentContactShape(Shape):
    name: str = ""
    email: str = ""
    mobile: str = ""
    phone: str = ""


class AgentShape(Shape):
    id: int
    contact: AgentContactShape = AgentContactShape()


class GroupShape(Shape):
    id: int
    name: str = ""


class MailboxShape(Shape):
    """One of the account's `email_configs`. `primary_role`: the first one of its product, or, without a product, of the
    account."""

    id: int
    product_id: int | None = None
    reply_email: str = ""
    primary_role: bool = False
    active: bool = True
