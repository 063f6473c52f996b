"""A city with every subject that a pack may have: what Tongzhou has none of is added to a copy."""

from pathlib import Path

COUNCIL = """
[council]
vote = "secret"
quorum = 50
majority = 50
publish = true

[promises]
grace = 2
ahead = 90

[report_card]
public = true
"""
"""The rules of councils, promises and report cards, which Tongzhou has none of."""

REWARDS = """
[rewards]
channels = ["snapshot"]
kinds = ["complaint"]
per_place = 100
"""
REWARD_RULES = """\
code,name,name_en,when,points,source
R1,问题属实,The problem was real,t.handled && t.outcome == 'closed',10,illustrative
"""
PRIZES = """\
code,name,name_en,points,stock,unit,until
salt,食盐一袋,A bag of salt,10,500,market,2999-12-31
"""
"""The rewards of snapshots, likewise."""
PATROLS = """\
[checks]
unit = "market"
criteria = [{ code = "clean", name = "整洁", name_en = "It is clean", points = 100 }]

[[reaches]]
code = "river"
name = "运河段"
name_en = "The canal"
river = "大运河"
chiefs = { district = "gov" }

[[routes]]
code = "R1"
name = "运河东岸"
name_en = "East bank"
kind = "river"
reach = "river"
area = "110112"
unit = "water"
every = 1
start = "00:00"
end = "23:59"
points = [
  { code = "A", name = "桥头", name_en = "Bridge", lat = 39.9, lon = 116.65 },
  { code = "B", name = "码头", name_en = "Pier", lat = 39.91, lon = 116.65 },
]
missed = [{ tells = ["unit", "supervisor"] }]
""" + "".join(
    f"""
[[routes]]
code = "{code}"
name = "市场{n}"
name_en = "Market {n}"
kind = "market"
area = "110112"
unit = "market"
every = 1
start = "00:00"
end = "23:59"
points = [
  {{ code = "A", name = "东门", name_en = "East gate", lat = 39.9200, lon = 116.65, photo = true }},
  {{ code = "B", name = "西门", name_en = "West gate", lat = 39.9202, lon = 116.65, photo = true }},
]
missed = [{{ tells = ["unit"] }}]
"""
    for n, code in enumerate(("R2", "R3"), 1)
)
"""A route along a river, likewise, and two through markets, with photos."""

SERVICES = """
[[services]]
code = "papers"
name = "证件办理"
name_en = "Papers"
places = ["centre-papers"]
minutes = 30
source = "illustrative"
"""
"""The services by appointment, which Tongzhou has none of."""

COMPANY = "heating"
SUPERVISED = f"""
[[supervision.leaders]]
code = "water"
name = "分管水务领导"
name_en = "Leader for water"
units = ["water"]
unit = "water"

[contractors]
units = ["{COMPANY}"]
publish = true
"""
CRITERIA = """\
code,name,name_en,on,when,points,to,source
K1,按时清理,Cleared in time,share_handled,a.on_time,1,unit,illustrative
"""
"""Lists and sheets, which Tongzhou has none of either."""


def furnish(city: Path) -> None:
    """Add to a city's pack what it does not have, for tests that use all of it."""
    with (city / "city.toml").open("a", encoding="utf-8") as file:
        file.write(COUNCIL + REWARDS + SUPERVISED)
    for name, text in (
        ("rewards.csv", REWARD_RULES),
        ("prizes.csv", PRIZES),
        ("assessment.csv", CRITERIA),
        ("services.toml", SERVICES),
        ("patrols.toml", PATROLS),
    ):
        (city / name).write_text(text, encoding="utf-8")
