"""What every noun is: a frozen pydantic model, so that a trace can be stored and read back as JSON."""

from typing import Self

from pydantic import BaseModel, ConfigDict


class Noun(BaseModel):
    """A value: frozen, and closed against fields that nobody declared."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    def __copy__(self) -> Self:
        """As pydantic does it, less what a model without undeclared fields and private attributes never has: it is most
        of what model_copy takes, and a ticket has hundreds of copies made."""
        made = type(self).__new__(type(self))
        object.__setattr__(made, "__dict__", self.__dict__.copy())
        object.__setattr__(made, "__pydantic_fields_set__", self.__pydantic_fields_set__.copy())
        object.__setattr__(made, "__pydantic_extra__", None)
        object.__setattr__(made, "__pydantic_private__", None)
        return made
