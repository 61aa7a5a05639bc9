"""The catalogue of event types."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import orjson
import pytest

from app.events.types import (
    EVENT_TYPES,
    Event,
    EventUnreadable,
    ProductCreated,
    ProductDeleted,
    ProductUpdated,
    ProductVariantsUpserted,
    StockAdjusted,
    decode,
    encode,
)

A, B, C = UUID(int=1), UUID(int=2), UUID(int=3)
EXAMPLES: list[tuple[Event, str, dict[str, Any]]] = [
    (ProductCreated(product_id=A), f"catalog.product-{A}", {"product_id": str(A)}),
    (
        ProductUpdated(product_id=A, changed=("title", "slug")),
        f"catalog.product-{A}",
        {"product_id": str(A), "changed": ["title", "slug"]},
    ),
    (ProductDeleted(product_id=A), f"catalog.product-{A}", {"product_id": str(A)}),
    (
        ProductVariantsUpserted(product_id=A, created_ids=(B, C), updated_ids=()),
        f"catalog.product-{A}",
        {"product_id": str(A), "created_ids": [str(B), str(C)], "updated_ids": []},
    ),
    (
        StockAdjusted(variant_id=A, product_id=B, warehouse_id=C, delta=-2, on_hand=5, reason="recount"),
        f"inventory.stock-{C}-{A}",
        {
            "variant_id": str(A),
            "product_id": str(B),
            "warehouse_id": str(C),
            "delta": -2,
            "on_hand": 5,
            "reason": "recount",
        },
    ),
]


def test_has_an_example_of_each_type_here() -> None:
    assert {type(event) for event, _, _ in EXAMPLES} == set(EVENT_TYPES.values())


@pytest.mark.parametrize(("event", "stream", "data"), EXAMPLES)
def test_goes_to_json_and_comes_back(event: Event, stream: str, data: dict[str, Any]) -> None:
    assert event.stream == stream
    assert encode(event) == data
    read = orjson.loads(orjson.dumps(encode(event)))
    assert decode(type=event.type, schema_version=event.schema_version, data=read) == event


@pytest.mark.parametrize(
    ("type", "version", "data", "message"),
    [
        ("catalog.product.painted", 1, {}, "no such type is known"),
        ("catalog.product.created", 2, {}, r"only the versions \[1\] are known"),
        ("catalog.product.created", 1, {}, "'product_id'"),
        ("catalog.product.created", 1, {"product_id": "x"}, "badly formed"),
        ("catalog.product.created", 1, {"product_id": 3}, "in its data"),
    ],
)
def test_refuses_what_it_cannot_read(type: str, version: int, data: dict[str, Any], message: str) -> None:
    with pytest.raises(EventUnreadable, match=message):
        decode(type=type, schema_version=version, data=data)
