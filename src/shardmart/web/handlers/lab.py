"""The database made visible, and the means to hurt it."""

from __future__ import annotations

from shardmart.service import lab
from shardmart.web import replies, views
from shardmart.web.calls import Call
from shardmart.web.replies import Reply
from shardmart.web.schemas import LoadPlan


async def topology(call: Call) -> Reply:
    return replies.ok(await lab.topology(call.shop))


async def shapes(call: Call) -> Reply:
    items = [
        {"name": one.name, "description": one.description, "expected": one.expected} for one in lab.shapes(call.shop)
    ]
    return replies.ok({"items": items})


async def explain(call: Call, name: str) -> Reply:
    explanation = await lab.explain(call.shop, name)
    return Reply(replies.dumps_foreign(views.explanation(explanation)))


async def control_node(call: Call, node: str, action: str) -> Reply:
    return replies.accepted(await lab.control_node(call.shop, node, action))


async def audit(call: Call) -> Reply:
    return replies.ok(views.audit(await lab.audit(call.shop)))


async def start_load(call: Call) -> Reply:
    plan: LoadPlan = call.body
    run = await call.shop.load.start(call.shop, buyers=plan.buyers, seconds=plan.seconds, strategy=plan.strategy)
    return replies.accepted(views.load_run(run))


async def last_load(call: Call) -> Reply:
    run, figures = await call.shop.load.last()
    return replies.ok(
        {"run": views.load_run(run) if run else None, "items": [views.load_figures(f) for f in figures]}
    )


async def stop_load(call: Call) -> Reply:
    await call.shop.load.stop()
    return replies.no_content()
