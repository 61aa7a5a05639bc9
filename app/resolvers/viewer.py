"""Who asks, as the shop sees them."""

import strawberry

from app.context import Context

Info = strawberry.Info[Context, None]


@strawberry.type(description="Who asks, and what they may do.")
class Viewer:
    permissions: list[str] = strawberry.field(description="Permissions, sorted by name; none for a guest.")


@strawberry.type
class ViewerQuery:
    @strawberry.field(description="Who asks.")
    def viewer(self, info: Info) -> Viewer:
        return Viewer(permissions=sorted(permission.value for permission in info.context.caller.permissions))
