"""Documents made ready to run: scanned, parsed, limited and validated once, then kept by their text.

The order matters for a server that strangers may write to: each step is only reached by what the cheaper one before has
let through. The scan bounds tokens and nesting before the recursive parser runs; depth and aliases are bounded before the
validation rules run, some of which compare fields pairwise.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLSchema,
    GraphQLSyntaxError,
    InlineFragmentNode,
    Lexer,
    NoSchemaIntrospectionCustomRule,
    OperationDefinitionNode,
    SelectionSetNode,
    Source,
    TokenKind,
    parse,
    specified_rules,
    validate,
)

_OPENING = {TokenKind.BRACE_L, TokenKind.BRACKET_L, TokenKind.PAREN_L}
_CLOSING = {TokenKind.BRACE_R, TokenKind.BRACKET_R, TokenKind.PAREN_R}
_DEEPEST_NESTING = 64
"""Brackets within brackets: what the recursive parser is given to climb; the limit on depth is far below."""
_MOST_VALIDATION_ERRORS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentLimits:
    """What a document may be made of."""

    tokens: int
    depth: int
    aliases: int


@dataclass(frozen=True, slots=True)
class PreparedDocument:
    """A document that was parsed, and the errors that validation found in it."""

    document: DocumentNode
    errors: Sequence[GraphQLError]
    costs: dict[str | None, int] = field(default_factory=dict)
    """The requested cost by operation name, where it doesn't depend on variables."""


class Documents:
    """Prepared documents of one schema, the most recently used first; bounded in number and by `DocumentLimits`."""

    def __init__(
        self,
        *,
        schema: GraphQLSchema,
        limits: DocumentLimits,
        introspection: bool,
        suggestions: bool,
        capacity: int = 1_000,
    ) -> None:
        self._schema = schema
        self._limits = limits
        self._suggestions = suggestions
        self._capacity = capacity
        self._rules = (*specified_rules, *(() if introspection else (NoSchemaIntrospectionCustomRule,)))
        self._prepared: OrderedDict[str, PreparedDocument] = OrderedDict()

    def prepare(self, text: str) -> PreparedDocument:
        """The prepared form of a document; raises a `GraphQLError` where it is no GraphQL or over a limit."""
        found = self._prepared.get(text)
        if found is not None:
            self._prepared.move_to_end(text)
            return found
        _scan(text, self._limits.tokens)
        try:
            document = parse(text, no_location=False)
        except GraphQLSyntaxError as error:
            error.extensions = {"code": "GRAPHQL_PARSE_FAILED"}
            raise
        _limit_aliases(document, self._limits.aliases)
        _limit_depth(document, self._limits.depth)
        errors = validate(
            self._schema,
            document,
            self._rules,
            max_errors=_MOST_VALIDATION_ERRORS,
            hide_suggestions=not self._suggestions,
        )
        for fault in errors:
            fault.extensions = {"code": "GRAPHQL_VALIDATION_FAILED"}
        prepared = self._prepared[text] = PreparedDocument(document, errors)
        if len(self._prepared) > self._capacity:
            self._prepared.popitem(last=False)
        return prepared


def _over(what: str, limit: int) -> GraphQLError:
    return GraphQLError(f"The document has more than {limit} {what}.", extensions={"code": "DOCUMENT_LIMIT_EXCEEDED"})


def _scan(text: str, most_tokens: int) -> None:
    """Count tokens and nesting without recursion (GraphQL specification, section 2.1.6: lexical tokens)."""
    lexer = Lexer(Source(text))
    tokens = nesting = 0
    try:
        while (token := lexer.advance()).kind is not TokenKind.EOF:
            tokens += 1
            if tokens > most_tokens:
                raise _over("tokens", most_tokens)
            if token.kind in _OPENING:
                nesting += 1
                if nesting > _DEEPEST_NESTING:
                    raise _over("levels of brackets", _DEEPEST_NESTING)
            elif token.kind in _CLOSING:
                nesting -= 1
    except GraphQLSyntaxError as error:
        error.extensions = {"code": "GRAPHQL_PARSE_FAILED"}
        raise


def _limit_aliases(document: DocumentNode, most: int) -> None:
    def aliases(selections: SelectionSetNode | None) -> int:
        if selections is None:
            return 0
        return sum(
            (isinstance(node, FieldNode) and node.alias is not None) + aliases(getattr(node, "selection_set", None))
            for node in selections.selections
        )

    if sum(aliases(getattr(node, "selection_set", None)) for node in document.definitions) > most:
        raise _over("aliases", most)


def _limit_depth(document: DocumentNode, most: int) -> None:
    fragments = {node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)}
    depths: dict[str, int] = {}

    def depth(selections: SelectionSetNode | None, open_fragments: frozenset[str]) -> int:
        deepest = 0
        for node in selections.selections if selections else ():
            if isinstance(node, FieldNode):
                # Introspection has a rule of its own (MaxIntrospectionDepthRule), made for the shape of its types.
                if not node.name.value.startswith("__"):
                    deepest = max(deepest, 1 + depth(node.selection_set, open_fragments))
            elif isinstance(node, FragmentSpreadNode):
                deepest = max(deepest, fragment_depth(node.name.value, open_fragments))
            elif isinstance(node, InlineFragmentNode):
                deepest = max(deepest, depth(node.selection_set, open_fragments))
        return deepest

    def fragment_depth(name: str, open_fragments: frozenset[str]) -> int:
        # A fragment within itself is validation's to refuse; here it only must not go on for ever.
        if name not in fragments or name in open_fragments:
            return 0
        if name not in depths:
            depths[name] = depth(fragments[name].selection_set, open_fragments | {name})
        return depths[name]

    for node in document.definitions:
        if isinstance(node, OperationDefinitionNode) and depth(node.selection_set, frozenset()) > most:
            raise _over("levels of fields", most)
