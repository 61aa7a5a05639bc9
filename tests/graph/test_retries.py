"""Writes that come twice, late, or all at once: one outcome, and nothing half done."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from app.bootstrap import Application, build_application
from app.embedded.valkey import EmbeddedValkey
from tests.api import Answer, Api, open_api
from tests.conftest import STAFF_TOKEN, settings_for

_CREATE = """
mutation ($input: ProductCreateInput!) {
  productCreate(input: $input) { product { id slug } userErrors { code message field } }
}
"""
_CREATE_WITH_KEY = """
mutation ($key: String!, $input: ProductCreateInput!) {
  productCreate(input: $input) @idempotent(key: $key) { product { id slug } userErrors { code message field } }
}
"""
_UPDATE = """
mutation ($input: ProductUpdateInput!) {
  productUpdate(input: $input) {
    product { name version }
    userErrors { code message field ... on Conflict { currentVersion } }
  }
}
"""
_ADJUST = """
mutation ($input: StockAdjustInput!) {
  stockAdjust(input: $input) {
    variant { quantityAvailable }
    userErrors { code message field ... on Conflict { currentVersion } }
  }
}
"""
_COUNT = "{ products { count { count } nodes { slug } } }"


def _shirt(**changes: Any) -> dict[str, Any]:
    return {"input": {"name": "Shirt", "status": "ACTIVE", **changes}}


def _key(key: str) -> dict[str, str]:
    return {"Idempotency-Key": key}


async def _count(api: Api) -> int:
    count: int = (await api.staff(_COUNT))["products"]["count"]["count"]
    return count


async def _create(api: Api, **changes: Any) -> dict[str, Any]:
    document = (
        "mutation($input:ProductCreateInput!){productCreate(input:$input){product{id version variants{nodes{id}}}}}"
    )
    product: dict[str, Any] = (await api.staff(document, _shirt(**changes)))["productCreate"]["product"]
    return product


def _codes(answer: Answer, field: str) -> list[str]:
    return [error["code"] for error in answer.data[field]["userErrors"]]


@pytest_asyncio.fixture
async def crowd(url: str, valkey: EmbeddedValkey, application: Application) -> AsyncIterator[Api]:
    """The API of the same shop, with enough connections for a crowd: a race needs all of them at once."""
    crowded = build_application(settings_for(database_url=url, redis_url=valkey.url, TRADEPOST_POOL_SIZE="40"))
    try:
        async with open_api(crowded, staff_token=STAFF_TOKEN) as api:
            yield api
    finally:
        await crowded.close()


async def test_makes_one_product_of_two_requests_with_one_key(api: Api) -> None:
    first = await api.staff(_CREATE, _shirt(), headers=_key("a"))
    second = await api.staff(_CREATE, _shirt(), headers=_key("a"))

    assert first == second
    assert first["productCreate"]["product"]["slug"] == "shirt"
    assert await _count(api) == 1


async def test_answers_a_repetition_with_another_selection(api: Api) -> None:
    await api.staff(_CREATE, _shirt(), headers=_key("a"))
    document = "mutation ($input: ProductCreateInput!) { productCreate(input: $input) { product { name version } } }"

    again = await api.staff(document, _shirt(), headers=_key("a"))

    assert again == {"productCreate": {"product": {"name": "Shirt", "version": 1}}}


async def test_refuses_a_key_that_comes_with_another_input(api: Api) -> None:
    await api.staff(_CREATE, _shirt(), headers=_key("a"))

    # What is left out and what is null are different inputs.
    for other in (_shirt(name="Coat"), _shirt(vendor=None), _shirt(slug="shirt-2")):
        again = await api.run(_CREATE, other, as_staff=True, headers=_key("a"))
        assert _codes(again, "productCreate") == ["IDEMPOTENCY_KEY_REUSED"]
    assert await _count(api) == 1


async def test_repeats_a_refusal_even_when_it_would_succeed_now(api: Api) -> None:
    taken = (await api.staff(_CREATE, _shirt(), headers=_key("a")))["productCreate"]["product"]
    refused = await api.staff(_CREATE, _shirt(), headers=_key("b"))
    delete = "mutation ($id: ID!) { productDelete(input: { id: $id }) { deletedId } }"
    await api.staff(delete, {"id": taken["id"]})

    again = await api.staff(_CREATE, _shirt(), headers=_key("b"))

    assert refused == again
    assert [error["code"] for error in again["productCreate"]["userErrors"]] == ["TAKEN"]
    assert await _count(api) == 0


async def test_makes_one_product_of_twenty_requests_at_once(api: Api) -> None:
    answers = await asyncio.gather(*(api.staff(_CREATE, _shirt(), headers=_key("a")) for _ in range(20)))

    assert all(answer == answers[0] for answer in answers)
    assert answers[0]["productCreate"]["userErrors"] == []
    assert await _count(api) == 1


async def test_makes_one_product_of_twenty_requests_for_one_slug(api: Api) -> None:
    answers = await asyncio.gather(*(api.run(_CREATE, _shirt(), as_staff=True) for _ in range(20)))

    assert Counter(tuple(_codes(answer, "productCreate")) for answer in answers) == {(): 1, ("TAKEN",): 19}
    assert await _count(api) == 1


async def test_takes_the_key_of_the_directive_before_that_of_the_header(api: Api) -> None:
    for header in ("a", "b"):
        await api.staff(_CREATE_WITH_KEY, {**_shirt(), "key": "c"}, headers=_key(header))
    assert await _count(api) == 1

    await api.staff(_CREATE, _shirt(slug="other"), headers=_key("a"))
    assert await _count(api) == 2


async def test_tells_the_fields_of_a_document_apart_under_one_header(api: Api) -> None:
    document = """
    mutation ($one: ProductCreateInput!, $two: ProductCreateInput!) {
      one: productCreate(input: $one) { product { slug } userErrors { code } }
      two: productCreate(input: $two) { product { slug } userErrors { code } }
    }
    """
    variables = {"one": _shirt(slug="one")["input"], "two": _shirt(slug="two")["input"]}

    first = await api.staff(document, variables, headers=_key("a"))
    second = await api.staff(document, variables, headers=_key("a"))

    assert first == second
    assert [first[alias]["product"]["slug"] for alias in ("one", "two")] == ["one", "two"]
    assert await _count(api) == 2


@pytest.mark.parametrize("key", ["", "x" * 256, "a\0b"])
async def test_refuses_a_key_that_is_none(api: Api, key: str) -> None:
    answer = await api.run(_CREATE_WITH_KEY, {**_shirt(), "key": key}, as_staff=True)

    assert answer.codes == ["BAD_USER_INPUT"]
    assert await _count(api) == 0


async def test_refuses_a_change_that_was_made_for_another_version(api: Api) -> None:
    product = await _create(api)
    change = {"id": product["id"], "name": "Coat", "expectedVersion": 1}
    assert (await api.staff(_UPDATE, {"input": change}))["productUpdate"]["product"] == {"name": "Coat", "version": 2}

    refused = (await api.staff(_UPDATE, {"input": {**change, "name": "Hat"}}))["productUpdate"]

    assert refused["product"] is None
    (error,) = refused["userErrors"]
    assert (error["code"], error["field"], error["currentVersion"]) == ("CONFLICT", ["input", "expectedVersion"], 2)
    assert "Read it again" in error["message"]


async def test_loses_none_of_forty_changes_at_once(crowd: Api) -> None:
    product = await _create(crowd)
    changes = [{"id": product["id"], "name": f"Name {number}"} for number in range(40)]

    answers = await asyncio.gather(*(crowd.run(_UPDATE, {"input": change}, as_staff=True) for change in changes))

    versions = [answer.data["productUpdate"]["product"]["version"] for answer in answers]
    assert max(versions) == 41


async def test_lets_one_of_twenty_changes_of_one_version_win(api: Api) -> None:
    product = await _create(api)
    changes = [{"id": product["id"], "name": f"Name {number}", "expectedVersion": 1} for number in range(20)]

    answers = await asyncio.gather(*(api.run(_UPDATE, {"input": change}, as_staff=True) for change in changes))

    assert Counter(tuple(_codes(answer, "productUpdate")) for answer in answers) == {(): 1, ("CONFLICT",): 19}
    refused = [error for answer in answers for error in answer.data["productUpdate"]["userErrors"]]
    assert {error["currentVersion"] for error in refused} == {2}


async def test_sells_twenty_units_to_fifty_at_once(crowd: Api) -> None:
    product = await _create(crowd, variants=[{"onHand": 20}])
    variant = product["variants"]["nodes"][0]["id"]
    change = {"input": {"variantId": variant, "delta": -1, "reason": "sold"}}

    answers = await asyncio.gather(*(crowd.run(_ADJUST, change, as_staff=True) for _ in range(50)))

    assert Counter(tuple(_codes(answer, "stockAdjust")) for answer in answers) == {(): 20, ("INVALID_INPUT",): 30}
    left = "query ($id: ID!) { productVariant(id: $id) { quantityAvailable inStock stockLevels { onHand version } } }"
    assert (await crowd.staff(left, {"id": variant}))["productVariant"] == {
        "quantityAvailable": 0,
        "inStock": False,
        "stockLevels": [{"onHand": 0, "version": 21}],
    }


async def test_refuses_a_count_that_was_made_before_another_sale(api: Api) -> None:
    product = await _create(api, variants=[{"onHand": 20}])
    change = {"variantId": product["variants"]["nodes"][0]["id"], "onHand": 5, "expectedOnHand": 19, "reason": "count"}

    refused = (await api.staff(_ADJUST, {"input": change}))["stockAdjust"]

    assert refused["variant"] is None
    (error,) = refused["userErrors"]
    assert (error["code"], error["field"]) == ("CONFLICT", ["input", "expectedOnHand"])
