"""The columns of Shopify's product CSV, and what each of them is with us.

Names and meaning are those of Shopify's manual ("Using CSV files to import and export products"). Files differ in which
columns they have; what has no field with us is kept as a metafield under the name of its column.
"""

from __future__ import annotations

HANDLE = "Handle"
TITLE = "Title"
TYPE = "Type"
TAGS = "Tags"
PUBLISHED = "Published"
STATUS = "Status"
IMAGE_SRC = "Image Src"
IMAGE_POSITION = "Image Position"
IMAGE_ALT = "Image Alt Text"
SKU = "Variant SKU"
GRAMS = "Variant Grams"
TRACKER = "Variant Inventory Tracker"
QUANTITY = "Variant Inventory Qty"
POLICY = "Variant Inventory Policy"
PRICE = "Variant Price"
COMPARE_AT = "Variant Compare At Price"
BARCODE = "Variant Barcode"
VARIANT_IMAGE = "Variant Image"

OPTION_NAMES = ("Option1 Name", "Option2 Name", "Option3 Name")
OPTION_VALUES = ("Option1 Value", "Option2 Value", "Option3 Value")

PRODUCT_TEXTS = {
    TITLE: "name",
    "Body (HTML)": "description",
    "Vendor": "vendor",
    "SEO Title": "seo_title",
    "SEO Description": "seo_description",
}
"""Columns that are a text of the product, with the field's name in its draft."""

VARIANT_FIELDS = {
    SKU: "sku",
    BARCODE: "barcode",
    GRAMS: "weight_grams",
    TRACKER: "is_tracked",
    POLICY: "inventory_policy",
    VARIANT_IMAGE: "media_id",
    COMPARE_AT: "compare_at_price",
}
"""Columns of a variant, with what stays as it is where the file lacks the column."""

BOOLEANS = frozenset({"Gift Card", "Variant Requires Shipping", "Variant Taxable"})
"""Metafields that are true or false."""

_VARIANT_PREFIXES = ("Variant ", "Cost per item", "Price / ", "Compare At Price / ")

PRODUCT_FIELDS = frozenset({HANDLE, TYPE, TAGS, PUBLISHED, STATUS, *PRODUCT_TEXTS})
_FIELDS = frozenset(
    {
        *(*PRODUCT_FIELDS, *VARIANT_FIELDS, *OPTION_NAMES, *OPTION_VALUES),
        *(IMAGE_SRC, IMAGE_POSITION, IMAGE_ALT, QUANTITY, PRICE),
    }
)

STANDARD = (
    HANDLE, TITLE, "Body (HTML)", "Vendor", TYPE, TAGS, PUBLISHED,
    *(name for pair in zip(OPTION_NAMES, OPTION_VALUES, strict=True) for name in pair),
    SKU, GRAMS, TRACKER, QUANTITY, POLICY, "Variant Fulfillment Service", PRICE, COMPARE_AT,
    "Variant Requires Shipping", "Variant Taxable", BARCODE, IMAGE_SRC, IMAGE_POSITION, IMAGE_ALT, "Gift Card",
    "SEO Title", "SEO Description",
    "Google Shopping / Google Product Category", "Google Shopping / Gender", "Google Shopping / Age Group",
    "Google Shopping / MPN", "Google Shopping / AdWords Grouping", "Google Shopping / AdWords Labels",
    "Google Shopping / Condition", "Google Shopping / Custom Product",
    *(f"Google Shopping / Custom Label {number}" for number in range(5)),
    VARIANT_IMAGE, "Variant Weight Unit", "Variant Tax Code", "Cost per item", STATUS,
)  # fmt: skip
"""What every export has, in Shopify's order."""

FIELD_COLUMNS = {
    "slug": HANDLE,
    "name": TITLE,
    "description": "Body (HTML)",
    "vendor": "Vendor",
    "tags": TAGS,
    "title": "SEO Title",
    "url": IMAGE_SRC,
    "alt": IMAGE_ALT,
    "sku": SKU,
    "barcode": BARCODE,
    "weightGrams": GRAMS,
    "onHand": QUANTITY,
    "price": PRICE,
    "compareAtPrice": COMPARE_AT,
    "options": "Options",
    "values": "Options",
    "media": IMAGE_SRC,
    "variants": "Variants",
    "category": TYPE,
}
"""Where people find a field of the drafts."""


def is_of_variant(column: str) -> bool:
    """Whether a column speaks of the row's variant, not of the product."""
    return column.startswith(_VARIANT_PREFIXES)


def is_metafield(column: str) -> bool:
    """Whether a column has no field with us."""
    return column not in _FIELDS
