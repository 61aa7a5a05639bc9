"""Who calls: from the Authorization header of a request, or the ``connection_init`` payload of a websocket."""

from __future__ import annotations

import hmac

from graphql import GraphQLError

from app.context import ANONYMOUS, Caller, Permission
from app.settings import Settings

SAMPLE_STAFF = Caller(name="sample-staff", permissions=frozenset(Permission))


def caller_of(authorization: str | None, *, settings: Settings) -> Caller:
    """The caller behind an Authorization value; raises a GraphQL error UNAUTHENTICATED for a token that isn't valid.

    Until there are accounts, the only token is the sample staff's, which exists in development and tests only.
    """
    if not authorization:
        return ANONYMOUS
    scheme, _, token = authorization.partition(" ")
    known = settings.staff_token
    if (
        scheme.lower() == "bearer"
        and known is not None
        and not settings.is_production
        and hmac.compare_digest(token.strip().encode(), known.encode())
    ):
        return SAMPLE_STAFF
    raise GraphQLError("The token in the Authorization header isn't valid.", extensions={"code": "UNAUTHENTICATED"})
