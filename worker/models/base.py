"""What every noun is: a frozen pydantic model, so that a trace can be stored and read back as JSON."""

from pydantic import BaseModel, ConfigDict


class Noun(BaseModel):
    """A value: frozen, and closed against fields that nobody declared."""

    model_config = ConfigDict(frozen=True, extra="forbid")
