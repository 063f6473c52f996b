"""The same department, which the city calls: it needs an address that the city reaches.

Run it with uvicorn, as `uvicorn --port 9000 water_receiving:app`; see
docs/how-to/connect-a-department.md.
"""

import os

from water_department import handle

from jiesu_department.receiving import receiver

app = receiver(
    "water",
    handle,
    api=os.environ.get("JIESU_API", "http://127.0.0.1:8000"),
    # jiesu token create --role officer --unit water --city tongzhou
    token=os.environ["JIESU_TOKEN"],
    # jiesu webhooks add https://… --unit water --city tongzhou
    secrets=os.environ["JIESU_WEBHOOK_SECRET"].split(),
)
