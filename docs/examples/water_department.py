"""A department whose own program handles its unit's tickets; run it with python.

In the city's pack the unit needs `queue = program`; see docs/how-to/connect-a-department.md.
"""

import asyncio
import os

from jiesu_department import CannotHandle, UnitOrder, UnitResult, serve_department

REGISTER: dict[str, str] = {}  # stands for the department's own system


async def handle(order: UnitOrder) -> UnitResult:
    """Take one order to its end. It may take days; it may be given the same order twice."""
    reference = f"{order.number}/{order.assignment}"
    if order.category is None:
        raise CannotHandle("no_category", "we take classified orders only")
    if reference not in REGISTER:  # the second time it is known already
        REGISTER[reference] = order.title
    await asyncio.sleep(1)  # a crew goes out
    return UnitResult(reply=f"水务局已处理，内部编号 {reference}。", resolved=True)


if __name__ == "__main__":
    asyncio.run(
        serve_department(
            "water",
            handle,
            api=os.environ.get("JIESU_API", "http://127.0.0.1:8000"),
            address=os.environ.get("JIESU_ENGINE", "127.0.0.1:7233"),
            # jiesu token create --role officer --unit water --city tongzhou
            token=os.environ["JIESU_TOKEN"],
        )
    )
