"""What admins do."""

from __future__ import annotations

from datetime import timedelta

from shardmart.domain import clock
from shardmart.domain.accounts import Actor, Role, User
from shardmart.domain.errors import EmailTaken, NotFound, OwnAccount
from shardmart.domain.ids import is_user_id, new_id
from shardmart.domain.listings import Product
from shardmart.domain.paging import Page, Position
from shardmart.service.shop import Shop

SWEEP_MEMORY = timedelta(minutes=10)  # longer than any request that may have started before a deletion


async def users(shop: Shop, *, text: str | None, role: Role | None, after: Position | None, limit: int) -> Page[User]:
    return await shop.accounts.page(text=text, role=role, after=after, limit=limit)


async def products(shop: Shop, *, after: Position | None, limit: int) -> Page[Product]:
    return await shop.products.all(after=after, limit=limit)


async def create_admin(shop: Shop, *, name: str, email: str, password: str) -> bool:
    """An admin's account, which nobody can register; False when this admin is there already.

    Raises EmailTaken when somebody else has the address.
    """
    user = User(
        id=new_id(),
        name=name,
        email=email,
        role=Role.ADMIN,
        password_hash=await shop.passwords.hash(password),
        created_at=clock.now(),
    )
    try:
        await shop.accounts.add(user)
    except EmailTaken:
        known = await shop.accounts.by_email(email)
        if known is None or known.role is not Role.ADMIN:
            raise
        return False
    return True


async def delete_user(shop: Shop, actor: Actor, user_id: str) -> None:
    """Tombstone first, so that nothing new begins; then the sessions, the products, the cart.

    Raises NotFound, OwnAccount, LastAdmin. Safe to repeat; what a crash leaves is finished by the sweeper.
    """
    if user_id == actor.id:
        raise OwnAccount
    user = await shop.accounts.bury(user_id, at=clock.now()) if is_user_id(user_id) else None
    if user is None:
        raise NotFound
    await _clear_away(shop, user)


async def sweep_deleted_users(shop: Shop) -> int:
    """Finishes deletions again for a while: a product may have been created while its seller was deleted."""
    buried = await shop.accounts.buried_since(clock.now() - SWEEP_MEMORY)
    return sum([await _clear_away(shop, user) for user in buried])


async def _clear_away(shop: Shop, user: User) -> int:
    await shop.sessions.end_all(user.id)
    if user.role is Role.SELLER:
        return await shop.products.remove_all(user.id, at=clock.now())
    if user.role is Role.BUYER:
        await shop.carts.clear(user.id)
    return 0
