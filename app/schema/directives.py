"""Directives that clients may write into a document; `app.execution` and the mutations read them from there."""

from typing import Annotated

import strawberry
from graphql import DirectiveLocation
from strawberry.directive import DirectiveValue

from app.schema.scalars import CountryCode, LocaleCode


@strawberry.directive(
    name="inContext",
    locations=[DirectiveLocation.QUERY, DirectiveLocation.MUTATION, DirectiveLocation.SUBSCRIPTION],
    description="The context of the whole operation. Comes before the headers X-Channel and Accept-Language.",
)
def in_context(
    value: DirectiveValue[str],
    channel: Annotated[str | None, strawberry.argument(description="Slug of the channel: decides prices.")] = None,
    locale: Annotated[LocaleCode | None, strawberry.argument(description="Language of texts.")] = None,
    country_code: Annotated[CountryCode | None, strawberry.argument(description="Where the buyer is.")] = None,
) -> str:
    """Read by `app.execution`."""
    return value


@strawberry.directive(
    name="idempotent",
    locations=[DirectiveLocation.FIELD],
    description="Makes a mutation harmless to retry: the same key with the same input gives the same outcome, for a day. "
    "Comes before the header Idempotency-Key.",
)
def idempotent(
    value: DirectiveValue[str],
    key: Annotated[str, strawberry.argument(description="Chosen by the client, at most 255 characters.")],
) -> str:
    """Read by `app.resolvers.writing`."""
    return value


DIRECTIVES = (in_context, idempotent)
