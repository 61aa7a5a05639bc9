"""The one graph: the domains' fields joined into a federated schema."""

import asyncio
from typing import Any, Final

import strawberry
from graphql import GraphQLError, GraphQLInputField, GraphQLSchema, Undefined
from strawberry.extensions import SchemaExtension
from strawberry.federation.schema import FederationAny
from strawberry.schema.config import StrawberryConfig
from strawberry.tools import merge_types
from strawberry.types.execution import PreExecutionError

from app.context import Context
from app.engine.documents import DocumentLimits, Documents
from app.execution import Operation, for_client
from app.resolvers.catalog import CatalogQuery
from app.resolvers.catalog_changes import CatalogSubscription
from app.resolvers.catalog_writes import CatalogMutation
from app.resolvers.inventory import InventoryMutation
from app.resolvers.nodes import NodeQuery, find_entities
from app.resolvers.viewer import ViewerQuery
from app.schema.directives import DIRECTIVES
from app.schema.errors import Conflict, InvalidInput, NotFound
from app.schema.scalars import SCALARS
from app.settings import Settings

FEDERATION_VERSION: Final = "2.9"
"""The newest that both Apollo's and Hive's composition take."""

Mutation = strawberry.type(
    merge_types("Mutation", (CatalogMutation, InventoryMutation)), description="What can be done."
)
Subscription = strawberry.type(
    merge_types("Subscription", (CatalogSubscription,)), description="What can be followed as it happens."
)
Query = strawberry.type(merge_types("Query", (NodeQuery, ViewerQuery, CatalogQuery)), description="What can be read.")


class Graph(strawberry.federation.Schema):
    """The schema, with its prepared documents, batched entities, and errors that are fit for clients."""

    documents: Documents
    operation_seconds: int

    def get_extensions(self, sync: bool = False) -> list[SchemaExtension]:
        """Our own only: Strawberry's extension for directives would run around every single field."""
        return [extension() for extension in self.extensions]

    def process_errors(self, errors: list[GraphQLError], execution_context: Any = None) -> None:
        """Nothing is logged here: `for_client` logs what is our own fault, once."""

    async def entities_resolver(  # type: ignore[override]
        self, info: strawberry.Info, representations: list[FederationAny]
    ) -> list[FederationAny]:
        """All entities that a gateway asks for, by one statement for each type and key."""
        context: Context = info.context
        return await find_entities(context, representations)  # type: ignore[arg-type]

    async def _prepare_operation_async(self, context: Any, extensions_runner: Any) -> PreExecutionError | None:
        try:
            return await super()._prepare_operation_async(context, extensions_runner)
        except GraphQLError as error:
            # Raised by a hook; on a stream nobody else would catch it.
            return PreExecutionError(data=None, errors=[error])

    async def _execute_operation(self, *arguments: Any, **options: Any) -> Any:
        # Queries and mutations of every transport pass here; a subscription may last.
        async with asyncio.timeout(self.operation_seconds):
            return await super()._execute_operation(*arguments, **options)

    async def _handle_execution_result(self, context: Any, result: Any, extensions_runner: Any, **options: Any) -> Any:
        # Every result of every transport passes here.
        handled = await super()._handle_execution_result(context, result, extensions_runner, **options)
        if getattr(handled, "errors", None):
            suggestions = not self.config.disable_field_suggestions
            handled.errors = [for_client(error, suggestions=suggestions) for error in handled.errors or ()]
        return handled


def build_graph(settings: Settings) -> Graph:
    """The schema for a process with these settings."""
    graph = Graph(
        query=Query,
        mutation=Mutation,
        subscription=Subscription,
        directives=DIRECTIVES,  # type: ignore[arg-type]
        types=[InvalidInput, NotFound, Conflict],
        extensions=[Operation],
        federation_version=FEDERATION_VERSION,
        config=StrawberryConfig(scalar_map=SCALARS, disable_field_suggestions=not settings.suggestions),
    )
    _leave_out_null_defaults(graph._schema)
    limits = settings.limits
    graph.operation_seconds = limits.operation_seconds
    graph.documents = Documents(
        schema=graph._schema,
        limits=DocumentLimits(tokens=limits.tokens, depth=limits.depth, aliases=limits.aliases),
        introspection=settings.introspection,
        suggestions=settings.suggestions,
    )
    return graph


def _leave_out_null_defaults(schema: GraphQLSchema) -> None:
    """An argument that may be left out has no default; Strawberry writes ``= null`` for Python's None."""
    for type_ in schema.type_map.values():
        for field in getattr(type_, "fields", {}).values():
            for argument in getattr(field, "args", {}).values():
                _without_null_default(argument)
            if isinstance(field, GraphQLInputField):
                _without_null_default(field)
    for directive in schema.directives:
        for argument in directive.args.values():
            _without_null_default(argument)


def _without_null_default(value: Any) -> None:
    if value.default_value is None:
        value.default_value = Undefined


def print_schema(graph: Graph) -> str:
    """The schema as SDL, as ``schema.graphql`` keeps it."""
    return graph.as_str() + "\n"
