"""Commands that order, record, promise and revisit."""

from api.rest.endpoints.spec import CommandEndpoint
from domain.commands.supervising import (
    Appoint,
    KeepMinutes,
    Notice,
    Replan,
    Revisit,
    SettleAll,
    Supervise,
)

ENDPOINTS = (
    CommandEndpoint(
        "supervise",
        Supervise,
        "Order the unit that leads; it has to answer",
        {"text": "该问题群众反映集中，请三日内拿出整改方案并报结果。"},
    ),
    CommandEndpoint(
        "notice",
        Notice,
        "Name what was neglected",
        {"text": "该件超期五日未答复，予以通报。"},
    ),
    CommandEndpoint(
        "minutes",
        KeepMinutes,
        "Keep the minutes of a meeting: on the spot, a mediation, a deliberation",
        {
            "minutes": {
                "what": "deliberation",
                "text": "居民代表、物业和社区就停车改造三个方案逐一讨论并表决。",
                "units": ["110112003"],
                "residents": 21,
                "options": [
                    {
                        "title": "增划路侧车位",
                        "pros": ["当月可完成"],
                        "cons": ["占用部分绿化带"],
                        "votes": 15,
                    },
                    {"title": "错时共享单位停车场", "pros": ["不占绿地"], "votes": 6},
                ],
                "decision": "采用增划车位方案，补种等面积绿地。",
                "agreed": True,
            }
        },
        ("not_your_unit",),
    ),
    CommandEndpoint(
        "settle-all",
        SettleAll,
        "Found one, settle all of the kind: open inspections at every sibling unit",
        {"text": "请各街道排查辖区内私装地锁，一周内清理完毕。"},
        ("not_in_this_city", "not_your_unit", "unknown_unit", "no_siblings"),
    ),
    CommandEndpoint(
        "appoint",
        Appoint,
        "Promise the service for a certain time",
        {"starts_at": "2026-03-05T09:30:00+08:00", "text": "请带身份证，到二楼三号窗口。"},
        ("not_in_this_city", "not_your_unit", "in_the_past", "too_far"),
    ),
    CommandEndpoint(
        "revisit",
        Revisit,
        "Say whether the effect holds; where it does not, the ticket goes on",
        {
            "holds": False,
            "note": "复查发现地锁重新安装，共四处。",
            "evidence": ["photo/revisit-1.jpg"],
        },
        ("not_your_unit",),
    ),
    CommandEndpoint(
        "replan",
        Replan,
        "Plan provisional due times again, now that a year's calendar is published",
        {},
        ("nothing_to_replan",),
    ),
)
