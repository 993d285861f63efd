"""What the tables of a booth file are made of, and how a check of ours says what is wrong and what to do."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class MisfitError(ValueError):
    """A check of ours failed within pydantic. `key`: where, below the table that is checked."""

    def __init__(self, what: str, remedy: str, key: str = "") -> None:
        super().__init__(what)
        self.what, self.remedy, self.key = what, remedy, key


class Table(BaseModel):
    """A table of the booth file: what it does not know is a mistake."""

    model_config = ConfigDict(extra="forbid", frozen=True)
