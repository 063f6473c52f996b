"""Commands of desk and dispatch: classification, the responsible unit, merging."""

from api.rest.endpoints.spec import CommandEndpoint
from domain.commands.intake import (
    Arbitrate,
    Conclude,
    Intervene,
    Merge,
    Reassign,
    Triage,
    Unmerge,
)
from domain.commands.supervising import Decide

ENDPOINTS = (
    CommandEndpoint(
        "triage",
        Triage,
        "Classify: say what it is about, and whose it is",
        {"category": "0204", "area": "110112003", "note": "市民来电确认位置"},
        ("unknown_category", "unknown_unit"),
    ),
    CommandEndpoint(
        "conclude",
        Conclude,
        "End the ticket without a unit, or with the last word",
        {"outcome": "answered", "text": "夜间照明时间为日落后至次日日出前。"},
        ("reason_missing", "unknown_reason", "not_for_desk", "already_asked"),
    ),
    CommandEndpoint(
        "reassign",
        Reassign,
        "Send the ticket to a unit, or to another one",
        {"unit": "city-management", "reason": "路灯维护属城市管理委职责。"},
        ("unknown_unit", "same_unit", "accused_unit", "already_asked"),
    ),
    CommandEndpoint(
        "decide",
        Decide,
        "Grant or refuse what the unit asked for",
        {"approve": True, "reason": "情况属实，同意。"},
        (
            "nothing_asked",
            "own_request",
            "arbitration_due",
            "unknown_unit",
            "accused_unit",
            "bad_length",
            "too_far",
            "clock_not_running",
            "overtaken",
        ),
    ),
    CommandEndpoint(
        "arbitrate",
        Arbitrate,
        "Record what the arbitration meeting decided: whose it is",
        {
            "unit": "housing",
            "text": "经协调会研究，该处下水管道属小区公共部位，由住建部门牵头办理，水务部门配合。",
            "units": ["housing", "water", "110112003"],
        },
    ),
    CommandEndpoint(
        "intervene",
        Intervene,
        "Take the ticket over for the centre, and name who leads",
        {"unit": "emergency", "reason": "涉及道路塌陷，由区指挥中心直接调度处置。"},
        ("not_in_this_city", "unknown_unit", "accused_unit"),
    ),
    CommandEndpoint(
        "merge",
        Merge,
        "Handle the ticket together with another one",
        {"into": "2603021234560", "reason": "同一小区同一时段停水，并案办理。"},
        (
            "not_in_this_city",
            "merge_itself",
            "has_complainants",
            "merge_target_unknown",
            "merge_target_elsewhere",
            "merge_target_merged",
            "merge_target_unclassified",
            "merge_target_answered",
            "merge_target_ended",
        ),
    ),
    CommandEndpoint(
        "unmerge",
        Unmerge,
        "Let a merged ticket go its own way again",
        {"reason": "经核实，停水原因不同，单独办理。"},
    ),
)
