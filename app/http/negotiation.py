"""Which media type a response has, as the GraphQL-over-HTTP specification has it negotiated."""

from __future__ import annotations

from strawberry.http.parse_content_type import parse_content_type

GRAPHQL_RESPONSE = "application/graphql-response+json"
JSON = "application/json"


def media_type(accept: str | None) -> str | None:
    """The type for an Accept header: JSON without one, None when the client takes neither of ours (406)."""
    if not accept or not accept.strip():
        return JSON
    qualities: dict[str, float] = {}
    for part in accept.split(","):
        name, parameters = parse_content_type(part.strip())
        try:
            qualities[name] = float(parameters.get("q", "1"))
        except ValueError:
            qualities[name] = 0.0
    wildcard = max(qualities.get("application/*", 0.0), qualities.get("*/*", 0.0))
    as_json = qualities.get(JSON, wildcard)
    as_response = qualities.get(GRAPHQL_RESPONSE, 0.0)
    if as_response > 0 and as_response >= as_json:
        return GRAPHQL_RESPONSE
    return JSON if as_json > 0 else None
