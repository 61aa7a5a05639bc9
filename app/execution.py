"""One operation from its text to its answer: prepared documents, limits, context, and errors that give nothing away."""

from __future__ import annotations

import logging
import re
from collections.abc import AsyncIterator, Iterator
from typing import Any, cast

import asyncpg
from graphql import GraphQLError, OperationDefinitionNode, OperationType, get_directive_values
from graphql.execution.values import VariableValues, get_variable_values
from opentelemetry import trace
from strawberry.exceptions import MissingQueryError
from strawberry.extensions import SchemaExtension
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError

from app.context import Context
from app.database import DatabaseUnavailable, is_unavailable
from app.engine.cost import CostEstimate, actual_cost
from app.engine.documents import Documents, PreparedDocument
from app.schema.connections import DEFAULT_PAGE_SIZE

_SUGGESTION = re.compile(r" Did you mean [^?]*\?")
_LOG = logging.getLogger("tradepost.graphql")


def documents_of(schema: Any) -> Documents:
    """The prepared documents that `app.graph` keeps beside a schema."""
    return cast(Documents, schema.documents)


class Operation(SchemaExtension):
    """Runs each operation in a context of its own, from a prepared document, within the limits."""

    def __init__(self) -> None:
        self._prepared: PreparedDocument | None = None
        self._requested_cost: int | None = None

    @property
    def context(self) -> Context:
        """The operation's context."""
        return cast(Context, self.execution_context.context)

    async def on_operation(self) -> AsyncIterator[None]:
        """A websocket has one context for all its operations: each gets a fresh one here."""
        self.execution_context.context = self.context.fresh()
        yield

    def on_parse(self) -> Iterator[None]:
        """Take the document from those that are prepared."""
        text = self.execution_context.query
        if text:
            self._prepared = documents_of(self.execution_context.schema).prepare(text)
            self.execution_context.graphql_document = self._prepared.document
        yield

    def on_validate(self) -> Iterator[None]:
        """Validation was done when the document was prepared."""
        if self._prepared is not None:
            self.execution_context.pre_execution_errors = list(self._prepared.errors)
        yield

    def on_execute(self) -> Iterator[None]:
        """Read `@inContext` and hold the operation against the limit on cost."""
        operation = self._operation()
        variables = get_variable_values(
            self.execution_context.schema._schema,
            operation.variable_definitions or (),
            self.execution_context.variables or {},
        )
        # Variables that don't fit their types are the executor's to refuse: nothing will run.
        if isinstance(variables, VariableValues):
            self._apply_in_context(operation, variables)
            self._limit_cost(operation, variables)
        yield

    def _limit_cost(self, operation: OperationDefinitionNode, variables: VariableValues) -> None:
        self._requested_cost = self._price(operation, variables)
        most = self.context.services.settings.limits.cost
        if self._requested_cost > most:
            raise GraphQLError(
                f"The operation costs {self._requested_cost} points, and at most {most} are allowed: "
                "ask for fewer items a page, or for less at once.",
                extensions={"code": "COST_LIMIT_EXCEEDED", "cost": self._requested_cost, "maximum": most},
            )

    def get_results(self) -> dict[str, Any]:
        """``extensions.cost``, under the names that Shopify uses."""
        if self._requested_cost is None:
            return {}
        result = self.execution_context.result
        mutation = self._operation().operation is OperationType.MUTATION
        cost = {
            "requestedQueryCost": self._requested_cost,
            "actualQueryCost": actual_cost(getattr(result, "data", None), mutation=mutation),
        }
        if not self.context.debug:
            return {"cost": cost}
        reads = self.context.reads
        return {"cost": cost, "sql": {"count": reads.statements, "milliseconds": round(reads.seconds * 1000, 3)}}

    def _operation(self) -> OperationDefinitionNode:
        assert self._prepared is not None
        operations = [node for node in self._prepared.document.definitions if isinstance(node, OperationDefinitionNode)]
        # Not its `operation_name`, which falls back to the first operation where none is named.
        wanted = self.execution_context._provided_operation_name
        if wanted is None and len(operations) > 1:
            raise GraphQLError(
                "The document has several operations: name one in `operationName`.",
                extensions={"code": "BAD_USER_INPUT"},
            )
        return next(node for node in operations if wanted is None or (node.name and node.name.value == wanted))

    def _apply_in_context(self, operation: OperationDefinitionNode, variables: VariableValues) -> None:
        definition = self.execution_context.schema._schema.get_directive("inContext")
        assert definition is not None
        values = get_directive_values(definition, operation, variables) or {}
        self.context.channel_slug = values.get("channel") or self.context.channel_slug
        self.context.locale = values.get("locale") or self.context.locale
        self.context.country_code = values.get("countryCode") or self.context.country_code

    def _price(self, operation: OperationDefinitionNode, variables: VariableValues) -> int:
        assert self._prepared is not None
        name = operation.name.value if operation.name else None
        if name in self._prepared.costs:
            return self._prepared.costs[name]
        estimate = CostEstimate(
            schema=self.execution_context.schema._schema,
            document=self._prepared.document,
            variables=variables.coerced,
            default_page_size=DEFAULT_PAGE_SIZE,
        )
        points = estimate.of(operation)
        if not estimate.used_variables:
            self._prepared.costs[name] = points
        return points


def for_client(error: GraphQLError, *, suggestions: bool) -> GraphQLError:
    """The error as a client may see it; ``suggestions`` says whether it may tell names of the schema."""
    if not suggestions:
        # Validation leaves them out by itself; the coercion of variables can't be told to, on every transport.
        error.message = _SUGGESTION.sub("", error.message)
    extensions = error.extensions or {}
    if "code" in extensions:
        return error
    original = error.original_error
    if original is None or isinstance(original, GraphQLError):
        # Raised by graphql-core itself: variables or arguments that don't fit their types.
        code = "INTERNAL_SERVER_ERROR" if error.path and "non-nullable" in error.message else "BAD_USER_INPUT"
        return _with(error, error.message, code)
    if isinstance(original, MissingQueryError | CannotGetOperationTypeError | InvalidOperationTypeError):
        return _with(error, request_fault(original), "BAD_REQUEST")
    if isinstance(original, TimeoutError | asyncpg.QueryCanceledError) or isinstance(
        original.__cause__, asyncpg.QueryCanceledError
    ):
        return _with(error, "The operation took too long: ask for less at once.", "TIMEOUT")
    if isinstance(original, DatabaseUnavailable) or is_unavailable(original):
        return _with(error, "The shop's database can't be reached right now: try again shortly.", "SERVICE_UNAVAILABLE")
    if is_unstorable_text(original):
        return _with(error, "A text holds a character that can't be stored (U+0000).", "BAD_USER_INPUT")
    span = trace.get_current_span().get_span_context()
    _LOG.error("An operation failed at %s", error.path, exc_info=(type(original), original, original.__traceback__))
    message = "Something went wrong on our side."
    if span.is_valid:
        message += f" Trace {span.trace_id:032x} tells us more."
    return _with(error, message, "INTERNAL_SERVER_ERROR")


def request_fault(error: MissingQueryError | CannotGetOperationTypeError | InvalidOperationTypeError) -> str:
    """Why a request has no operation that can be run by the way it came."""
    if isinstance(error, MissingQueryError):
        return "The request has no `query`."
    if isinstance(error, CannotGetOperationTypeError):
        name = error.operation_name
        return f'The document has no operation named "{name}".' if name else "The document has no operation."
    if error.operation_type.value == "subscription":
        return "Subscribe over a websocket (graphql-transport-ws), or over SSE at /graphql/stream."
    return "GET is for queries only: send this operation by POST."


def is_unstorable_text(error: BaseException | None) -> bool:
    """Whether PostgreSQL refused a text for U+0000, which GraphQL strings may hold and its texts may not."""
    while error is not None:
        if isinstance(error, asyncpg.CharacterNotInRepertoireError | asyncpg.UntranslatableCharacterError):
            return True
        error = getattr(error, "orig", None) or error.__cause__
    return False


def _with(error: GraphQLError, message: str, code: str) -> GraphQLError:
    return GraphQLError(
        message,
        nodes=error.nodes,
        source=error.source,
        positions=error.positions,
        path=error.path,
        extensions={"code": code},
    )
