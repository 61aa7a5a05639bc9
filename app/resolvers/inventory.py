"""What staff can do to stock."""

from typing import Annotated

import strawberry
from sqlalchemy.ext.asyncio import AsyncSession

from app.context import Permission
from app.loaders.catalog import variants_by_id
from app.resolvers.writing import Info, given, key_or_refusal, write
from app.schema.catalog_inputs import StockAdjustInput, StockAdjustPayload
from app.usecases.inventory.adjust_stock import AdjustStock, AdjustStockCommand
from app.usecases.transactions import Outcome


@strawberry.type
class InventoryMutation:
    @strawberry.mutation(description="Counts the stock of a variant anew, or moves it up or down. Never below zero.")
    async def stock_adjust(
        self,
        info: Info,
        input: Annotated[StockAdjustInput, strawberry.argument(description="What is to be done.")],
    ) -> StockAdjustPayload:
        async def work(session: AsyncSession) -> Outcome:
            command = AdjustStockCommand(
                variant_id=key_or_refusal(input.variant_id, typename="ProductVariant", field="variantId"),
                warehouse=given(input.warehouse),
                on_hand=given(input.on_hand),
                delta=given(input.delta),
                reason=input.reason,
                expected_on_hand=given(input.expected_on_hand),
            )
            return await AdjustStock(clock=info.context.services.clock).execute(session, command)

        outcome = await write(info, requires=Permission.INVENTORY_WRITE, input=input, work=work)
        variant = None
        if not outcome.refusals:
            variant = await info.context.batches.load(variants_by_id, outcome.ids["variant"])
        return StockAdjustPayload(variant=variant, user_errors=list(outcome.refusals))  # type: ignore[arg-type]
