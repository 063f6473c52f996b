"""Every page of a citizen, one after the other."""

from scripts.screenshots.camera import Camera

Receipts = dict[str, dict[str, str]]


def citizen(camera: Camera, receipts: Receipts) -> None:
    camera.go(
        (
            ("home", "/"),
            ("report", "/report"),
            ("follow", "/follow"),
            ("city", "/city"),
            ("answers", "/city/tongzhou/answers"),
            ("styleguide", "/styleguide"),
            ("styleguide-staff", "/styleguide?look=staff"),
        )
    )
    _report(camera)
    page = camera.page
    for what, receipt in receipts.items():
        page.goto("/follow")
        page.locator("#f-number").fill(receipt["number"])
        page.locator("#f-code").fill(receipt["code"])
        page.locator("main form button").click()
        page.wait_for_selector(".steps")
        camera.shoot(f"ticket-{what}")


def _report(camera: Camera) -> None:
    page = camera.page
    page.goto("/report")
    page.get_by_role("button").filter(has_text="地图" if camera.chinese else "map").click()
    page.wait_for_selector("#map .leaflet-interactive")
    page.wait_for_timeout(300)
    camera.shoot("report-map")
    page.goto("/report")
    page.locator("[data-send]").click()
    page.wait_for_selector("#summary")
    camera.shoot("report-wrong")
    page.locator("#f-text").fill("新华西街路口的路灯坏了三盏，晚上看不清路。")
    page.locator("#f-address").fill(f"新华西街 {camera.name}")
    page.locator("[data-send]").click()
    page.wait_for_selector("[data-sent]")
    camera.shoot("receipt")
    page.goto("/report")
    page.locator("#f-text").fill("河水发黑发臭，请治理。")
    page.locator("#f-category").select_option("0301")
    page.locator("#f-address").fill("北苑街道河边")
    page.locator("[data-send]").click()
    page.wait_for_selector(".similar")
    camera.shoot("similar")
