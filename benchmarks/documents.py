"""What is asked for in the benchmarks."""

from __future__ import annotations

PRODUCT_PAGE = """
query ProductPage {
  products(first: 24) {
    nodes {
      id slug name
      category { id slug name }
      priceRange { min { amount currencyCode } }
      variants(first: 4) { nodes { id sku name price { amount currencyCode } quantityAvailable } }
    }
  }
}
"""
"""24 products with category and price, 4 variants each with price and stock: about 940 fields."""

ONE_ROW = "{ channel { name } }"
"""One field of one row."""
