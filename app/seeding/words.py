"""The words that a sample shop is made of. All of them are ours; makers and series are invented."""

from __future__ import annotations

from dataclasses import dataclass

SIZES = ("XS", "S", "M", "L", "XL", "XXL")
COLOURS = (
    "Black", "Chalk", "Charcoal", "Clay", "Fern", "Fog", "Indigo", "Moss", "Mustard", "Navy", "Oat", "Ochre", "Petrol",
    "Plum", "Rust", "Sage", "Sand", "Sky", "Slate", "Terracotta",
)  # fmt: skip
LITRES = ("0.5 l", "0.75 l", "1 l", "1.5 l")
DIAMETERS = ("12 cm", "18 cm", "24 cm", "32 cm")
PACKS = ("20 l", "28 l", "40 l", "65 l")


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """What a category of the lowest level sells."""

    nouns: tuple[str, ...]
    materials: tuple[str, ...]
    cents: tuple[int, int]
    """The range of prices, in US cents."""
    grams: tuple[int, int]
    sizes: tuple[str, ...] = ()
    has_colours: bool = True
    has_materials: bool = False
    """Whether a buyer chooses the material."""
    use: str = "every day"


_SHIRTS = ("Cotton", "Linen", "Hemp", "Jersey", "Bamboo")
_WOOLS = ("Merino", "Lambswool", "Alpaca", "Recycled Wool", "Cashmere")
_SHELLS = ("Waxed Cotton", "Ripstop", "Softshell", "Canvas", "Fleece")
_CLAYS = ("Stoneware", "Porcelain", "Enamel", "Earthenware")
_WOODS = ("Oak", "Beech", "Maple", "Walnut", "Cork")
_METALS = ("Steel", "Copper", "Brass", "Aluminium")

TREE: dict[str, dict[str, dict[str, Kind]]] = {
    "Clothing": {
        "Tops": {
            "T-Shirts": Kind(
                nouns=("Tee", "Pocket Tee", "Long Sleeve Tee"),
                materials=_SHIRTS,
                cents=(1800, 4900),
                grams=(140, 260),
                sizes=SIZES,
            ),
            "Shirts": Kind(
                nouns=("Shirt", "Overshirt", "Oxford Shirt"),
                materials=_SHIRTS,
                cents=(3900, 9900),
                grams=(200, 420),
                sizes=SIZES,
            ),
        },
        "Knitwear": {
            "Sweaters": Kind(
                nouns=("Crew Sweater", "Roll Neck", "Fisherman Sweater"),
                materials=_WOOLS,
                cents=(5900, 18900),
                grams=(320, 800),
                sizes=SIZES,
                use="cold mornings",
            ),
            "Cardigans": Kind(
                nouns=("Cardigan", "Shawl Cardigan"),
                materials=_WOOLS,
                cents=(6900, 19900),
                grams=(350, 850),
                sizes=SIZES,
                use="cool evenings",
            ),
        },
        "Outerwear": {
            "Jackets": Kind(
                nouns=("Jacket", "Field Jacket", "Chore Coat"),
                materials=_SHELLS,
                cents=(9900, 34900),
                grams=(600, 1400),
                sizes=SIZES,
                use="windy days",
            ),
            "Rainwear": Kind(
                nouns=("Rain Jacket", "Poncho", "Rain Parka"),
                materials=_SHELLS,
                cents=(7900, 24900),
                grams=(300, 900),
                sizes=SIZES,
                use="wet days",
            ),
            "Hats": Kind(
                nouns=("Beanie", "Cap", "Bucket Hat"),
                materials=(*_WOOLS, "Canvas"),
                cents=(1900, 5900),
                grams=(60, 160),
            ),
        },
    },
    "Home": {
        "Kitchen": {
            "Mugs": Kind(
                nouns=("Mug", "Espresso Cup", "Tumbler"), materials=_CLAYS, cents=(900, 3200), grams=(180, 420)
            ),
            "Cookware": Kind(
                nouns=("Saucepan", "Casserole", "Frying Pan"),
                materials=(*_METALS, "Cast Iron"),
                cents=(3900, 21900),
                grams=(900, 4200),
                sizes=DIAMETERS,
                has_colours=False,
                use="slow dinners",
            ),
            "Boards": Kind(
                nouns=("Cutting Board", "Serving Board"),
                materials=_WOODS,
                cents=(1900, 8900),
                grams=(500, 2400),
                has_colours=False,
                has_materials=True,
            ),
        },
        "Textiles": {
            "Blankets": Kind(
                nouns=("Blanket", "Throw"),
                materials=_WOOLS,
                cents=(4900, 22900),
                grams=(700, 1900),
                use="long evenings",
            ),
            "Cushions": Kind(
                nouns=("Cushion", "Bolster"),
                materials=("Linen", "Velvet", "Cotton"),
                cents=(1900, 6900),
                grams=(300, 900),
            ),
        },
        "Lighting": {
            "Table Lamps": Kind(
                nouns=("Table Lamp", "Desk Lamp", "Reading Lamp"),
                materials=(*_METALS, *_CLAYS),
                cents=(4900, 28900),
                grams=(900, 3200),
                use="dark corners",
            ),
            "Candles": Kind(
                nouns=("Candle", "Pillar Candle"),
                materials=("Beeswax", "Soy Wax", "Rapeseed Wax"),
                cents=(900, 3900),
                grams=(150, 900),
                use="quiet evenings",
            ),
        },
    },
    "Outdoor": {
        "Camping": {
            "Tents": Kind(
                nouns=("Tent", "Dome Tent", "Tarp"),
                materials=("Ripstop", "Polycotton"),
                cents=(12900, 64900),
                grams=(1400, 6900),
                use="nights under the stars",
            ),
            "Sleeping Bags": Kind(
                nouns=("Sleeping Bag", "Quilt"),
                materials=("Down", "Synthetic", "Wool"),
                cents=(8900, 42900),
                grams=(700, 2100),
                sizes=("Regular", "Long"),
                use="nights outside",
            ),
        },
        "Packs": {
            "Backpacks": Kind(
                nouns=("Daypack", "Trekking Pack", "Roll Top"),
                materials=_SHELLS,
                cents=(5900, 27900),
                grams=(500, 2200),
                sizes=PACKS,
                use="long walks",
            ),
            "Duffels": Kind(
                nouns=("Duffel", "Weekender"),
                materials=("Canvas", "Ripstop", "Leather"),
                cents=(6900, 31900),
                grams=(700, 1900),
                sizes=PACKS[1:],
                use="weekends away",
            ),
        },
        "Drinkware": {
            "Bottles": Kind(
                nouns=("Bottle", "Flask"),
                materials=("Steel", "Titanium", "Glass"),
                cents=(1900, 6900),
                grams=(180, 620),
                sizes=LITRES,
                use="the trail",
            ),
        },
    },
    "Toys": {
        "Building": {
            "Blocks": Kind(
                nouns=("Block Set", "Marble Run", "Railway"),
                materials=_WOODS,
                cents=(1900, 11900),
                grams=(600, 3900),
                has_colours=False,
                use="rainy afternoons",
            ),
            "Puzzles": Kind(
                nouns=("Puzzle", "Floor Puzzle"),
                materials=("Cardboard", "Wooden"),
                cents=(990, 3900),
                grams=(300, 1200),
                sizes=("48 pieces", "200 pieces", "500 pieces", "1000 pieces"),
                has_colours=False,
            ),
        },
        "Soft Toys": {
            "Animals": Kind(
                nouns=("Bear", "Hare", "Whale", "Fox"),
                materials=("Plush", "Knitted", "Linen"),
                cents=(1490, 4900),
                grams=(120, 600),
                use="small hands",
            ),
        },
        "Games": {
            "Board Games": Kind(
                nouns=("Board Game", "Dice Game", "Card Game"),
                materials=("Travel", "Family", "Classic"),
                cents=(1290, 5900),
                grams=(200, 1900),
                has_colours=False,
                use="the whole table",
            ),
        },
    },
    "Garden": {
        "Growing": {
            "Planters": Kind(
                nouns=("Planter", "Plant Pot", "Hanging Pot"),
                materials=(*_CLAYS, "Terracotta"),
                cents=(990, 8900),
                grams=(400, 6900),
                sizes=DIAMETERS,
            ),
            "Seeds": Kind(
                nouns=("Seed Mix", "Herb Seeds", "Wildflower Seeds"),
                materials=("Organic", "Heirloom", "Meadow"),
                cents=(290, 990),
                grams=(10, 90),
                has_colours=False,
                use="spring",
            ),
        },
        "Garden Tools": {
            "Hand Tools": Kind(
                nouns=("Trowel", "Hand Fork", "Secateurs"),
                materials=(*_METALS, "Forged"),
                cents=(1290, 6900),
                grams=(150, 700),
                has_materials=True,
                has_colours=False,
            ),
            "Watering Cans": Kind(
                nouns=("Watering Can", "Plant Mister"),
                materials=_METALS,
                cents=(1490, 6900),
                grams=(300, 1900),
                use="dry summers",
            ),
        },
    },
}
"""Categories: department, group, and what is sold in it."""

SERIES = (
    "Alder", "Arbor", "Aster", "Birch", "Bracken", "Brook", "Cairn", "Cedar", "Cinder", "Clover", "Cove", "Delta", "Drift",
    "Ember", "Fjord", "Flint", "Glen", "Grove", "Harbour", "Hazel", "Heath", "Heron", "Isle", "Juniper", "Kestrel", "Lark",
    "Linden", "Loch", "Marsh", "Meadow", "Mistral", "Moor", "North", "Orchard", "Otter", "Pebble", "Pine", "Quarry", "Raven",
    "Reed", "Ridge", "Rowan", "Saffron", "Shore", "Skerry", "Sorrel", "Spruce", "Summit", "Tarn", "Thistle", "Tide", "Vale",
    "Willow", "Wren", "Yarrow", "Zephyr",
)  # fmt: skip

VENDORS = (
    "Aldermoor", "Atelier Sund", "Bergholt & Daughters", "Casa Lenz", "Common Thread Works", "Ferrow", "Field & Fathom",
    "Gullane Supply", "Hollin Goods", "Ivar Mattes", "Kiln Row", "Klara Voss", "Lantern Lane", "Little Orrery", "Marrow & Pine",
    "Nordhaven", "Oakum", "Parade Street", "Peat & Plover", "Quill Makers", "Rill Outdoor", "Saltmarsh", "Studio Tamm",
    "Tallow & Wick", "Three Gables", "Umber House", "Velo & Vine", "Westering", "Woolhope Mill", "Yonder Trading",
)  # fmt: skip

OPENINGS = (
    "The {series} {noun} is made for {use}.",
    "A {noun_lower} that we wanted ourselves, and so {vendor} made it.",
    "Made in small runs by {vendor}, for {use}.",
    "Our {series} series begins with a simple {noun_lower}.",
    "Plain, sturdy and good company on {use_or_days}.",
)
MIDDLES = (
    "{material} keeps its shape for years and looks better with wear.",
    "We chose {material_lower} because it lasts and can be repaired.",
    "The {material_lower} comes from two suppliers that we visit every year.",
    "Every seam and every edge is checked by hand before it leaves the workshop.",
    "It is a little heavier than others, and outlives most of them.",
)
ENDINGS = (
    "Wipe clean or wash cold, and let it dry in the air.",
    "Comes in a box without plastic.",
    "If it fails within five years, we repair it or send another.",
    "Spare parts can be ordered from us at any time.",
    "Goes well with the rest of the {series} series.",
    "Measured generously: take the smaller one if you are between two.",
)

TAGS = (
    "new",
    "gift",
    "bestseller",
    "last-chance",
    "small-batch",
    "repairable",
    "vegan",
    "summer",
    "winter",
    "recycled",
)
