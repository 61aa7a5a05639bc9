"""What a shop's clients can do with products, over the whole API."""

from __future__ import annotations

from typing import Any

from tests.api import Api

CREATE = """
mutation Create($input: ProductCreateInput!) {
  productCreate(input: $input) {
    product { id slug name version description options { name values } media { url }
      priceRange { min { amount currencyCode minorUnits } max { amount } }
      variants { nodes { id name sku price { amount } quantityAvailable inStock selectedOptions { name value } } } }
    userErrors { __typename code message field ... on Conflict { currentVersion } }
  }
}
"""


def shirt(**changes: Any) -> dict[str, Any]:
    """A product with two sizes."""
    return {
        "name": "Blue shirt",
        "status": "ACTIVE",
        "options": [{"name": "Size", "values": ["S", "M"]}],
        "variants": [
            {"options": [{"name": "Size", "value": "S"}], "price": "12.30", "onHand": 4},
            {"options": [{"name": "Size", "value": "L"}], "price": "13"},
        ],
        **changes,
    }


async def test_creates_a_product_with_its_variants_prices_and_stock(api: Api) -> None:
    created = (await api.staff(CREATE, {"input": shirt()}))["productCreate"]
    assert created["userErrors"] == []
    product = created["product"]
    assert product["slug"] == "blue-shirt"
    assert product["options"] == [{"name": "Size", "values": ["S", "M", "L"]}]
    assert product["priceRange"] == {
        "min": {"amount": "12.30", "currencyCode": "USD", "minorUnits": "1230"},
        "max": {"amount": "13.00"},
    }
    small, large = product["variants"]["nodes"]
    assert (small["name"], small["price"]["amount"], small["quantityAvailable"], small["inStock"]) == (
        "S",
        "12.30",
        4,
        True,
    )
    assert (large["name"], large["quantityAvailable"], large["inStock"]) == ("L", 0, False)
