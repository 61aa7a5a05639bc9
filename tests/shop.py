"""A few good products: the shop that clients outside of Python, and the picture in the README, look at."""

from __future__ import annotations

from typing import Any

import httpx

from tests.server import Server

_CREATE = (
    "mutation Create($input: ProductCreateInput!) { productCreate(input: $input) { userErrors { field message } } }"
)
_PRODUCTS = (
    ("Merino crew-neck sweater", "Northfold", "89.00", ("S", "M", "L")),
    ("Waxed canvas backpack", "Harrow & Pine", "129.50", ("Olive", "Charcoal")),
    ("Stoneware pour-over set", "Atelier Kanso", "54.00", ("Sand", "Ink")),
    ("Ethiopia Guji coffee, 250 g", "Slow Tide Roasters", "16.80", ("Whole bean", "Filter grind")),
    ("Linen duvet cover", "Northfold", "148.00", ("Double", "King")),
    ("Oak desk lamp", "Lumen Works", "97.25", ("Natural", "Smoked")),
)


def fill_shop(server: Server) -> None:
    """Create the products over the API, as staff would."""
    with httpx.Client(headers={"Authorization": f"Bearer {server.staff_token}"}, timeout=30) as client:
        for name, vendor, price, values in _PRODUCTS:
            variables = {"input": _product(name=name, vendor=vendor, price=price, values=values)}
            answer = client.post(f"{server.url}/graphql", json={"query": _CREATE, "variables": variables}).json()
            assert answer["data"] == {"productCreate": {"userErrors": []}}, answer


def _product(*, name: str, vendor: str, price: str, values: tuple[str, ...]) -> dict[str, Any]:
    slug = name.lower().replace(", ", "-").replace(" ", "-")
    return {
        "name": name,
        "vendor": vendor,
        "slug": slug,
        "status": "ACTIVE",
        "media": [{"url": f"https://images.example.com/{slug}.jpg", "alt": name}],
        "options": [{"name": "Option", "values": list(values)}],
        "variants": [
            {
                "sku": f"{slug[:6].upper()}-{number}",
                "options": [{"name": "Option", "value": value}],
                "price": price,
                "onHand": 5 + 7 * number,
            }
            for number, value in enumerate(values)
        ],
    }
