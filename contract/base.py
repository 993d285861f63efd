"""What all messages are made of: the base model, checked text and number types, and the modalities."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Id = Annotated[str, Field(min_length=1, max_length=80, pattern=r"^[A-Za-z0-9._-]+$")]
BoothId = Annotated[str, Field(pattern=r"^[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?$")]
Text = Annotated[str, Field(max_length=500)]
Seq = Annotated[int, Field(ge=0, lt=2**63)]
#: What a coordinator's database can count.
Count = Annotated[int, Field(ge=1, lt=2**31)]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class Message(BaseModel):
    """Base of all messages: immutable, unknown fields ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Modality(StrEnum):
    """One kind of capture, in the order of the study by default.

    `EXCEPTION_PHOTO` shows what an exception was made for; it is never part of a configured order.
    """

    PHOTO = "photo"
    SIGNATURE = "signature"
    RIGHT_FOUR = "right-four"
    LEFT_FOUR = "left-four"
    THUMBS = "thumbs"
    IRIS = "iris"
    EXCEPTION_PHOTO = "exception-photo"
