// The board as it changes: the server sends the parts that are new, drawn as the page was.
"use strict";

{
  const area = document.querySelector("[data-board]");
  const live = document.querySelector("[data-live]");
  const state = live?.querySelector(".live-state");
  const pause = document.querySelector("[data-pause]");
  const AGAIN = 10000; // milliseconds until a connection is tried that the browser gave up
  let source = null;

  const say = (what) => {
    live.dataset.state = what;
    if (state.textContent !== live.dataset[what]) state.textContent = live.dataset[what];
  };

  // Whoever stands on a link stays on it, and what was opened or scrolled stays so.
  const put = (part, html) => {
    const place = document.querySelector(`[data-part="${part}"]`);
    if (!place) return;
    const held = place.contains(document.activeElement) ? document.activeElement : null;
    const links = (all) => [...all.querySelectorAll("a, summary, [tabindex]")];
    const same = (one) => one.tagName === held.tagName && one.getAttribute("href") === held.getAttribute("href");
    const opened = place.querySelector("details")?.open;
    const scrolled = [...place.querySelectorAll(".table-responsive")].map((one) => one.scrollTop);
    place.innerHTML = html;
    if (opened) place.querySelector("details").open = true;
    place.querySelectorAll(".table-responsive").forEach((one, n) => { one.scrollTop = scrolled[n] ?? 0; });
    if (held) links(place).find(same)?.focus({ preventScroll: true });
  };

  const watch = () => {
    if (live.dataset.state === "paused") return;
    source = new EventSource(area.dataset.board);
    source.addEventListener("parts", (event) => {
      for (const [part, html] of Object.entries(JSON.parse(event.data))) put(part, html);
      say("on");
    });
    source.addEventListener("end", (event) => {
      if (JSON.parse(event.data) !== "signed_out") return; // the server goes, and comes back
      source.close();
      location.reload();
    });
    source.addEventListener("error", async () => {
      say("off");
      if (source.readyState !== EventSource.CLOSED) return;
      setTimeout(watch, AGAIN);
      const known = await fetch("/api/v1/session").catch(() => null);
      if (known?.status === 401) location.reload();
    });
  };

  if (area && live && "EventSource" in window) {
    watch();
    pause.hidden = false;
    const [stop, goOn] = [pause.textContent, pause.dataset.goOn];
    pause.addEventListener("click", () => {
      const stopped = live.dataset.state !== "paused";
      pause.textContent = stopped ? goOn : stop;
      if (stopped) source.close();
      say(stopped ? "paused" : "off");
      if (!stopped) watch();
    });
  }
}
