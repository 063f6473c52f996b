"""The same department, which asks the city for its orders: it needs the API, and no engine.

Run it with python; see docs/how-to/connect-a-department.md.
"""

import asyncio
import os

from water_department import handle

from jiesu_department.polling import poll_department

if __name__ == "__main__":
    asyncio.run(
        poll_department(
            "water",
            handle,
            api=os.environ.get("JIESU_API", "http://127.0.0.1:8000"),
            # jiesu token create --role officer --unit water --city tongzhou
            token=os.environ["JIESU_TOKEN"],
            state=os.environ.get("JIESU_STATE", "water.json"),
        )
    )
