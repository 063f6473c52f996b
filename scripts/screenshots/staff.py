"""The pages of staff, role by role, each with some content."""

from domain.actors import Role
from scripts.screenshots.camera import Camera
from scripts.screenshots.citizens import Receipts


def officer(camera: Camera, receipts: Receipts) -> None:
    camera.sign_in(Role.OFFICER, "water")
    number = receipts["handled"]["number"]
    camera.go(
        (
            ("inbox", "/staff/inbox"),
            ("staff-ticket", f"/staff/tickets/{number}"),
            ("staff-ticket-form", f"/staff/tickets/{number}?do=complete"),
            ("staff-tickets", "/staff/tickets"),
        )
    )


def dispatcher(camera: Camera, receipts: Receipts) -> None:
    shown, page = camera.shown, camera.page
    place = {"address": "新华西街东门", "area": "110112003"}
    waits = shown.file(place=place, contact={"phone": "13800001234", "name": "王小明"})
    twin = shown.file(place=place, text="河又臭了，晚上更重，窗户都不敢开。")
    shown.file(place=place, text="河面脏，路灯也暗。", category=None)
    for receipt in (waits, twin):
        shown.until(receipt, "handle")
    wanted = {"ground": "not_ours", "reason": "该河段属镇里管理，去年已移交。"}
    shown.post(f"/tickets/{waits['number']}/return", wanted)
    camera.sign_in(Role.DISPATCHER)
    page.goto("/staff/call")
    page.locator("#f-phone").fill("13800001234")
    page.locator("#f-phone").press("Enter")
    page.wait_for_selector(".earlier")
    page.locator("#f-text").fill("新华西街东门的河水又黑又臭，味道很大。")
    page.locator("#f-address").fill("新华西街东门")
    page.wait_for_selector("#suggestions .near")
    camera.shoot("call")
    page.keyboard.press("Control+Enter")
    page.wait_for_selector(".read-out")
    camera.shoot("call-receipt")
    camera.go(
        (
            ("triage", "/staff/triage"),
            ("decisions", f"/staff/decisions?number={waits['number']}"),
            ("call-backs", "/staff/call-backs"),
            ("register", "/staff/register"),
            ("merge", f"/staff/merge?a={waits['number']}&b={twin['number']}"),
        )
    )


def supervisor(camera: Camera, receipts: Receipts) -> None:
    camera.sign_in(Role.SUPERVISOR)
    camera.go(
        (
            ("board", "/staff/board"),
            ("board-wall", "/staff/board?wall=1"),
            ("league", "/staff/league"),
            ("points", "/staff/league/points"),
            ("spots", "/staff/spots"),
            ("places", "/staff/places"),
        ),
        pause=800,  # for the map, and the first data of the stream
    )


def auditor(camera: Camera, receipts: Receipts) -> None:
    camera.sign_in(Role.AUDITOR)
    number = receipts["answered"]["number"]
    camera.go(
        (
            ("audit", "/staff/audit?open=any&limit=10"),
            ("audit-ticket", f"/staff/audit/{number}?version=3"),
        )
    )


def administrator(camera: Camera, receipts: Receipts) -> None:
    camera.sign_in(Role.ADMIN)
    pages = ("people", "tokens", "packs", "messages", "calendar", "waiting", "engine")
    camera.go((f"admin-{what}", f"/staff/admin/{what}") for what in pages)
