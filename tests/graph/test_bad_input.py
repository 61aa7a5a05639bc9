"""Each document that can't be run gets its clear answer: a status, a code from a short list, and words that say what to do."""

from __future__ import annotations

from typing import Any, NamedTuple

import pytest

from app.global_ids import encode_id
from app.ids import new_id
from tests.api import Api
from tests.graph.shops import Shop


class Case(NamedTuple):
    """A document, and the first error of its answer."""

    name: str
    document: str
    code: str
    words: str
    variables: dict[str, Any] | None = None
    status: int = 400


def _deep(levels: int) -> str:
    parents = levels - 4
    return "{ products { nodes { category { " + "parent { " * parents + "id" + " }" * parents + " } } } }"


def _doubling(*, times: int, inner: str) -> str:
    spreads = [f"fragment F{n} on Query {{ ...F{n + 1} ...F{n + 1} }}" for n in range(times)]
    return "{ ...F0 } " + " ".join(spreads) + f" fragment F{times} on Query {{ {inner} }}"


_RECURSION = "{" + "products{nodes{category{" * 4 + "id" + "}}}" * 4 + "}"
_MANY_PAGES = "query ($n: Int{}) {{ products(first: $n) {{ nodes {{ variants(first: $n) {{ nodes {{ id }} }} }} }} }}"
_PAGE = "query ($n: Int) { products(first: $n) { nodes { id } } }"
_PRICE = "query ($v: Decimal) { products(filter: { price: { min: $v } }) { nodes { id } } }"
_SINCE = "query ($v: DateTime) { products(filter: { updatedSince: $v }) { nodes { id } } }"
_ENTITIES = "query ($r: [_Any!]!) { _entities(representations: $r) { __typename } }"
_LIMIT, _PARSE, _INVALID = "DOCUMENT_LIMIT_EXCEEDED", "GRAPHQL_PARSE_FAILED", "GRAPHQL_VALIDATION_FAILED"
_INPUT, _CURSOR, _COST = "BAD_USER_INPUT", "INVALID_CURSOR", "COST_LIMIT_EXCEEDED"
_NUL = "U+0000"
_DECIMAL_FORM, _INSTANT_FORM = "an exact number in a string", "as RFC 3339 says"
_FORGED = "take one from the same field"
_NO_TEXTS: list[object] = [1.5, True, [], {}, 10**50]
_DECIMALS: list[tuple[object, str]] = [
    *((text, _DECIMAL_FORM) for text in ("NaN", "sNaN", "Infinity", "-Infinity", "", "1e999999", "1_0", "0x1", "\0")),
    *((text, _DECIMAL_FORM) for text in (" 1", "1,5", "\u0661", "1" * 41, "1.", ".5", "--1")),
    *((value, "written as a string") for value in _NO_TEXTS),
]
_INSTANTS: list[object] = [
    *("99999-01-01T00:00:00Z", "2020-01-01", "2020-W01", "2020-01-01T00:00:00", "20200101T000000Z", "now", ""),
    *("2020-02-30T00:00:00Z", "2020-01-01T25:00:00Z", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"),
    *("2020-01-01T00:00:00+99:00", 5, 1e30, True, []),
]

_DOCUMENTS = [
    Case("500 levels", "{" + "a{" * 500 + "b" + "}" * 500 + "}", _LIMIT, "more than 64 levels of brackets"),
    Case("16 levels", _deep(16), _LIMIT, "more than 15 levels of fields"),
    Case(
        "depth in fragments",
        "{ products { nodes { ...A } } } fragment A on Product { category { ...B } } fragment B on Category { "
        + "parent { " * 14
        + "id"
        + " }" * 14
        + " }",
        _LIMIT,
        "more than 15 levels",
    ),
    Case("10,000 aliases", "{" + " ".join(f"a{n}: __typename" for n in range(10_000)) + "}", _LIMIT, "tokens"),
    Case("31 aliases", "{" + " ".join(f"a{n}: __typename" for n in range(31)) + "}", _LIMIT, "more than 30 aliases"),
    Case("10,001 tokens", "{" + " id" * 10_001 + "}", _LIMIT, "more than 4000 tokens"),
    Case("500 nested lists", "{ nodes(ids: " + "[" * 500 + "]" * 500 + ") { id } }", _LIMIT, "levels of brackets"),
    Case("no document", "   ", _PARSE, "Unexpected <EOF>"),
    Case("half a document", "{ products {", _PARSE, "Expected Name"),
    Case("a lone surrogate", '{ product(slug: "\\ud800") { id } }', _PARSE, "Invalid Unicode escape"),
    Case("a null byte outside of strings", "{ products\0 }", _PARSE, "Unexpected character: U+0000"),
    Case("an unknown field", "{ prodcts { id } }", _INVALID, "Cannot query field 'prodcts'"),
    Case("an unknown argument", "{ products(frist: 1) { nodes { id } } }", _INVALID, "Unknown argument 'frist'"),
    Case("a fragment in itself", "{ ...A } fragment A on Query { ...A }", _INVALID, "within itself"),
    Case("fragments in a circle", "{...A} fragment A on Query{...B} fragment B on Query{...A}", _INVALID, "itself"),
    Case("deep introspection", "{__schema{types{" + "fields{type{" * 5 + "name" + "}}" * 5 + "}}}", _INVALID, "depth"),
    Case("several operations, none named", "query A { __typename } query B { __typename }", _INPUT, "operationName"),
    Case("recursion through lists", _RECURSION, _COST, "points, and at most 5000 are allowed: ask for fewer items"),
    Case("fragments that double 25 times", _doubling(times=25, inner="products { nodes { id } }"), _COST, "points"),
    Case("100 pages of 100", _MANY_PAGES.format(""), _COST, "points", {"n": 100}),
    Case("100 pages of 100 by default", _MANY_PAGES.format(" = 100"), _COST, "points"),
    Case("a page of 2,147,483,647", _PAGE, _COST, "points", {"n": 2**31 - 1}),
    Case("an Int beyond 32 bits", _PAGE, _INPUT, "32-bit", {"n": 2**31}),
    Case("a literal beyond 32 bits", "{ products(first: 99999999999) { nodes { id } } }", _INVALID, "32-bit"),
    Case("an Int that is a text", _PAGE, _INPUT, "Int cannot represent", {"n": "5"}),
    Case("a required variable left out", _ENTITIES, _INPUT, "$r"),
    Case("deep JSON", _ENTITIES.replace("_Any", "ID"), _INVALID, "used in position expecting"),
    *(Case(f"a Decimal {value!r}", _PRICE, _INPUT, words, {"v": value}) for value, words in _DECIMALS),
    *(Case(f"a DateTime {value!r}", _SINCE, _INPUT, _INSTANT_FORM, {"v": value}) for value in _INSTANTS),
    Case("a currency in small letters", '{products(filter:{price:{currencyCode:"eur"}}){nodes{id}}}', _INVALID, "EUR"),
    Case("a bad locale", 'query @inContext(locale: "123456") { channel { id } }', _INVALID, "en or pt-BR"),
    Case(
        "a bad locale in a variable",
        "query($l:LocaleCode)@inContext(locale:$l){channel{id}}",
        _INPUT,
        "pt-BR",
        {"l": "!"},
    ),
]

_FIELDS = [
    Case("a negative page", "{ products(first: -1) { nodes { id } } }", _INPUT, "between 0 and 100, not -1"),
    Case("a negative last page", "{ products(last: -1) { nodes { id } } }", _INPUT, "`last` must be between 0 and 100"),
    Case("a page of 101", "{ products(first: 101) { nodes { id } } }", _INPUT, "between 0 and 100, not 101"),
    Case("first and last", "{ products(first: 1, last: 1) { nodes { id } } }", _INPUT, "not both"),
    Case("after and before", '{ products(after: "a", before: "b") { nodes { id } } }', _INPUT, "not both"),
    Case("first before", '{ products(first: 1, before: "b") { nodes { id } } }', _INPUT, "`first` with `after`"),
    Case("a nested page of 101", "{products(first:1){nodes{variants(first:101){nodes{id}}}}}", _INPUT, "not 101"),
    *(
        Case(f"the forged cursor {cursor[:12]!r}", "query ($c: String) { products(after: $c) { nodes { id } } }", _CURSOR,
             _FORGED, {"c": cursor})
        for cursor in ("", "abc", "a" * 64, "a" * 3_000, "!!é", "\0", "eyJpZCI6MX0=", "a b")
    ),
    Case("a garbage id", '{ product(id: "garbage") { id } }', _INPUT, "not an id of this shop"),
    Case("a garbage node", '{ node(id: "x") { id } }', _INPUT, "not an id of this shop"),
    Case("an empty id", '{ product(id: "") { id } }', _INPUT, "not an id of this shop"),
    Case("an id of another type", "{ product(id: %category) { id } }", _INPUT, "not the id of a Product"),
    Case("an id of another type in a filter", "{products(filter:{ids:[%category]}){nodes{id}}}", _INPUT, "`filter.ids`"),
    Case("an id of no type", f'{{ node(id: "{encode_id("Order", new_id())}") {{ id }} }}', _INPUT, "not an id of this shop"),
    Case("neither id nor slug", "{ product { id } }", _INPUT, "Give either `id` or `slug`"),
    Case("both id and slug", '{ category(id: "a", slug: "b") { id } }', _INPUT, "Give either `id` or `slug`"),
    Case("101 ids", "query ($i: [ID!]!) { nodes(ids: $i) { id } }", _INPUT, "at most 100", {"i": ["x"] * 101}),
    Case("101 vendors", "query($v:[String!]){products(filter:{vendors:$v}){nodes{id}}}", _INPUT, "at most 100",
         {"v": ["x"] * 101}),
    Case("a null byte in a filter", '{ products(filter: { tags: ["a\\u0000b"] }) { nodes { id } } }', _INPUT, _NUL),
    Case("a null byte in an option", '{products(filter:{options:[{name:"\\u0000",value:"a"}]}){nodes{id}}}', _INPUT, _NUL),
    Case("a null byte in a slug", '{ product(slug: "a\\u0000b") { id } }', _INPUT, _NUL),
    Case("a null byte in a SKU", '{ productVariant(sku: "\\u0000") { id } }', _INPUT, _NUL),
    Case("a null byte in a channel", 'query @inContext(channel: "\\u0000") { channel { id } }', _INPUT, _NUL),
    Case("an unknown channel", 'query @inContext(channel: "nope") { channel { id } }', "CHANNEL_NOT_FOUND", "'nope'"),
    Case("another currency", '{products(filter:{price:{min:"1",currencyCode:"JPY"}}){nodes{id}}}', _INPUT, "sells in USD"),
    Case("an option named twice", '{products(first:1){nodes{variantByOptions(selectedOptions:[{name:"a",value:"b"},'
         '{name:"a",value:"c"}]){id}}}}', _INPUT, "names an option twice"),
    Case("1,000 representations", _ENTITIES, _INPUT, "at most 100 representations",
         {"r": [{"__typename": "Product", "slug": "a"}] * 1_000}),
    *(
        Case(f"the representation {name}", _ENTITIES, _INPUT, words, {"r": [value]})
        for name, value, words in [
            ("of an unknown type", {"__typename": "Order", "id": "x"}, "needs the `__typename` of an entity"),
            ("of no type", {"id": "x"}, "needs the `__typename` of an entity"),
            ("that is a text", "Product", "needs the `__typename` of an entity"),
            ("that is a list", [[[[1]]]], "needs the `__typename` of an entity"),
            ("with a type that is a list", {"__typename": ["Product"]}, "needs the `__typename` of an entity"),
            ("without a key", {"__typename": "Product"}, "needs one of its keys"),
            ("with an id that is a number", {"__typename": "Product", "id": 5}, "needs one of its keys"),
            ("with a garbage id", {"__typename": "Product", "id": "x"}, "not an id of this shop"),
            ("with a null byte", {"__typename": "Product", "slug": "\0"}, _NUL),
        ]
    ),
    Case("a guest who looks at stock", "{products(first:1){nodes{variants{nodes{stockLevels{onHand}}}}}}",
         "UNAUTHENTICATED", "Authorization header"),
    Case("a guest who deletes", 'mutation { productDelete(input: { id: "x" }) { deletedId } }', "UNAUTHENTICATED",
         "Authorization header"),
]  # fmt: skip


@pytest.mark.parametrize("case", _DOCUMENTS, ids=[case.name for case in _DOCUMENTS])
async def test_refuses_a_document_before_it_runs(case: Case, limited_api: Api) -> None:
    answer = await limited_api.run(case.document, case.variables)

    assert (answer.status, answer.codes[0]) == (400, case.code)
    assert case.words in answer.body["errors"][0]["message"]
    assert "data" not in answer.body


@pytest.mark.parametrize("case", _FIELDS, ids=[case.name for case in _FIELDS])
async def test_refuses_a_field(case: Case, limited_api: Api, large_shop: Shop) -> None:
    document = case.document.replace("%category", f'"{large_shop.ids["Category"][0]}"')

    answer = await limited_api.run(document, case.variables)

    assert (answer.status, set(answer.codes)) == (200, {case.code})
    assert case.words in answer.body["errors"][0]["message"]
    assert answer.body["errors"][0]["path"]


async def test_runs_what_is_just_within_the_limits(limited_api: Api) -> None:
    documents = [
        _deep(15),
        "{" + " ".join(f"a{n}: __typename" for n in range(30)) + "}",
        _doubling(times=25, inner="__typename"),
        "{ products(first: 100) { nodes { id } } }",
        "{ products(first: 0) { nodes { id } pageInfo { hasNextPage } } }",
        '{ products(filter: { updatedSince: "2020-01-01t00:00:00.123456789+02:00" }) { nodes { id } } }',
        '{ products(filter: { price: { min: "-1", max: "9999999999999999999999.99" } }) { nodes { id } } }',
        "{ products(filter: { ids: [], tags: [], options: [], status: [], price: {} }) { count { count } } }",
        "{ products(filter: { ids: null, price: null, inStock: null, status: null }, sortKey: PRICE) { count { count } } }",
        "{ categories(level: -2147483648) { nodes { id } } }",
    ]
    for document in documents:
        assert (await limited_api.run(document)).body.get("errors") is None, document


async def test_finds_nothing_behind_an_id_that_nothing_has(limited_api: Api) -> None:
    unknown = encode_id("Product", new_id())
    document = "query ($id: ID!) { product(id: $id) { id } node(id: $id) { id } nodes(ids: [$id]) { id } }"

    assert (await limited_api.run(document, {"id": unknown})).data == {"product": None, "node": None, "nodes": [None]}


async def test_reads_the_context_of_an_operation_from_its_variables_and_their_defaults(limited_api: Api) -> None:
    given = 'query ($c: String = "channel-1") @inContext(channel: $c) { channel { slug } }'

    assert (await limited_api.run(given)).data["channel"]["slug"] == "channel-1"
    assert (await limited_api.run(given, {"c": "channel-2"})).data["channel"]["slug"] == "channel-2"
    assert (await limited_api.run(given, {"c": None})).data["channel"]["slug"] == "default"
    headers = {"X-Channel": "channel-3"}
    assert (await limited_api.run("{ channel { slug } }", headers=headers)).data["channel"]["slug"] == "channel-3"
    assert (await limited_api.run(given, headers=headers)).data["channel"]["slug"] == "channel-1"


@pytest.mark.parametrize(
    ("document", "variables"),
    [
        ("{ prodcts { id } }", None),
        ("{ products(frist: 1) { nodes { id } } }", None),
        ("{ products(sortKey: NAMES) { nodes { id } } }", None),
        ("query ($s: ProductSortKeys) { products { nodes { id } } }", None),
        ("query ($s: ProductSortKey!) { products(sortKey: $s) { nodes { id } } }", {"s": "NAMES"}),
        ("query ($f: ProductFilter) { products(filter: $f) { nodes { id } } }", {"f": {"vendor": ["a"]}}),
        ("query ($f: ProductFilter) { products(filter: $f) { nodes { id } } }", {"f": {"status": ["ACTIV"]}}),
        ("{ products { nodes { ... on Prodct { id } } } }", None),
    ],
)
async def test_suggests_nothing_where_that_is_switched_off(
    document: str, variables: dict[str, Any] | None, closed_api: Api, limited_api: Api
) -> None:
    answer = await closed_api.run(document, variables)
    assert answer.status == 400
    assert "Did you mean" not in str(answer.body)
    assert "Did you mean" in str((await limited_api.run(document, variables)).body)


async def test_shows_no_schema_where_that_is_switched_off(closed_api: Api) -> None:
    for document in ("{ __schema { types { name } } }", '{ __type(name: "Product") { name } }'):
        answer = await closed_api.run(document)
        assert (answer.status, set(answer.codes)) == (400, {"GRAPHQL_VALIDATION_FAILED"})
    assert (await closed_api.run("{ __typename }")).data == {"__typename": "Query"}
