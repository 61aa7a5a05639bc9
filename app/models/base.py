"""What every table shares: one metadata with one naming convention, and the few column kinds."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from sqlalchemy import BigInteger, DateTime, MetaData, Uuid
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, mapped_column

# A fixed name for each constraint, so that migrations can drop what they made and errors can be told apart by name.
NAMING_CONVENTION = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}

Id = Annotated[UUID, mapped_column(Uuid, primary_key=True)]
"""A UUIDv7 made by us."""
Instant = Annotated[datetime, mapped_column(DateTime(timezone=True))]
"""A moment, always with its time zone."""
MinorUnits = Annotated[int, mapped_column(BigInteger)]
"""An amount of money in the smallest unit of its currency."""


class Model(DeclarativeBase):
    """The base of all tables."""

    metadata = MetaData(naming_convention=NAMING_CONVENTION)
    type_annotation_map = {dict: JSONB, list: JSONB}  # noqa: RUF012 - SQLAlchemy's own name and type
