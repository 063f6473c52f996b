"""Photos with a report: the one place where the form and the uploads meet.

A browser with JavaScript uploads each photo as soon as it is chosen (static/report.js, to
`UPLOADS`), and the form carries the references it was given, one hidden field `photo` each. While
`OFFERED` is False this installation has nothing to upload to, and the form does not show it.
"""

from starlette.datastructures import FormData

OFFERED = True
UPLOADS = "/api/v1/files"
MOST = 9
FIELD = "photo"


def references(sent: FormData) -> list[str]:
    """What was uploaded for this report, in the order of choosing."""
    return [value for value in sent.getlist(FIELD) if isinstance(value, str) and value][:MOST]
