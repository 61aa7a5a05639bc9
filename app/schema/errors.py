"""User errors of payloads: what a client can cause and mend, as types with data where data helps."""

import strawberry

from app.schema.nodes import OfRow


@strawberry.interface(description="Why an input was refused. The client can mend it and try again.")
class UserError:
    code: str = strawberry.field(description="The reason for programs: stable, in capitals.")
    message: str = strawberry.field(description="The reason for people, in English.")
    field: list[str] | None = strawberry.field(
        description="Path of the input's field that is to blame, from `input` down; list positions are numbers."
    )

    @classmethod
    def resolve_type(cls, value: object, _info: object, _type: object) -> str:
        """The concrete type of a refusal."""
        return str(value.__typename__)  # type: ignore[attr-defined]


@strawberry.type(description="A value that can't be taken as it is.")
class InvalidInput(UserError, OfRow):
    pass


@strawberry.type(description="An id, slug or name that nothing answers to.")
class NotFound(UserError, OfRow):
    pass


@strawberry.type(description="The object was changed since the version that the client expected.")
class Conflict(UserError, OfRow):
    current_version: int = strawberry.field(description="The version that the object has now.")
