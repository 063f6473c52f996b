// Send a report until it is answered. What was sent is kept on this device until this system, and
// nobody else, has answered: only an answer shows that there is a network. A flag of the browser
// does not, nor does the page that a hotel's or a train's network puts in the place of ours.
"use strict";

// Fields that say who somebody is, or where. Until they are sent they stay in this tab only: the next
// person at this device must not find them. `var`: see citizen.js.
var PERSONAL = ["name", "phone", "address", "lat", "lon"];

// What was typed for a city, on this device. `at`: when; `sent`: the fields as they were sent, until
// answered; `asked`: the citizen was asked something about it, and has not said yet.
function draftOf(city) {
  const place = `jiesu.draft.${city}`;
  const own = () => { try { return JSON.parse(sessionStorage.getItem(place)) ?? {}; } catch { return {}; } };
  const part = (kept, mine) => Object.fromEntries(Object.entries(kept).filter(([name]) => mine === PERSONAL.includes(name)));
  const drop = () => {
    try { localStorage.removeItem(place); sessionStorage.removeItem(place); } catch { /* forbidden: nothing is there */ }
  };
  return {
    read() {
      try {
        const kept = JSON.parse(localStorage.getItem(place));
        if (kept && isOver(kept)) drop();
        return kept && !isOver(kept) ? { ...kept, ...own() } : null;
      } catch { return null; }
    },
    write(kept) {
      try {
        const at = Date.now();
        if (kept.sent) sessionStorage.removeItem(place);
        else sessionStorage.setItem(place, JSON.stringify(part(kept, true)));
        localStorage.setItem(place, JSON.stringify(kept.sent ? { ...kept, at } : { ...part(kept, false), at }));
        return true;
      } catch { return false; }
    },
    drop,
  };
}

function fieldsOf(form, submitter) {
  const fields = [...new FormData(form)].filter(([, value]) => typeof value === "string");
  if (submitter?.name) fields.push([submitter.name, submitter.value]);
  return fields;
}

// A draft of these fields; the photos are several of one name.
function draftFrom(fields) {
  return { ...Object.fromEntries(fields), photo: fields.filter(([name]) => name === "photo").map(([, value]) => value) };
}

// Take over the sending of `form`, a report to `city`.
function sending(form, city) {
  const patience = 20_000;  // milliseconds that an answer may take
  const pauses = [5_000, 10_000, 20_000, 40_000, 60_000, 120_000, 300_000];  // the last one for ever
  const longest = 3_600_000;
  const draft = draftOf(city);
  const box = form.querySelector("[data-waiting]");
  const line = box.querySelector("[data-waiting-line]");
  const choice = box.querySelector("[data-waiting-choice]");
  let sent = null, isKept = false, isStale = false, onTheWay = null, timer = 0, failures = 0;

  // What may have arrived already is sent again word by word: with other words it would be another.
  const hold = (on) => { for (const part of form.children) if (part !== box) part.inert = on; };

  // Send these fields, until there is an answer. `isOld`: they were sent before this page was opened.
  function go(fields, { isOld = false, keep = true } = {}) {
    sent = fields;
    isStale = isOld;
    isKept = keep && draft.write({ ...draftFrom(sent), sent });
    attempt();
  }
  // Send nothing any more, and let the form be changed.
  function rest() {
    clearTimeout(timer);
    onTheWay?.abort();
    onTheWay = sent = null;
    failures = 0;
    line.textContent = "";
    choice.hidden = true;
    hold(false);
  }
  async function attempt() {
    if (!sent || onTheWay) return;
    clearTimeout(timer);
    const mine = onTheWay = new AbortController();
    const late = setTimeout(() => mine.abort(), patience);
    hold(true);
    choice.hidden = true;
    line.textContent = box.dataset.busy;
    let answer = null, text = "";
    try {
      answer = await fetch(form.action, { method: "POST", body: new URLSearchParams(sent), signal: mine.signal, redirect: "error", cache: "no-store" });
      text = await answer.text();
    } catch { answer = null; }
    clearTimeout(late);
    if (onTheWay !== mine) return;  // taken back meanwhile
    onTheWay = null;
    if (answer?.headers.get("Served-By") !== "jiesu") later(isKept ? box.dataset.offline : box.dataset.open);
    else if (answer.status >= 500 || answer.status === 429) later(isKept ? box.dataset.later : box.dataset.open, Number(answer.headers.get("Retry-After")) * 1000);
    else take(text);
  }
  function later(words, pause = 0) {
    const usual = pauses[Math.min(failures, pauses.length - 1)];
    failures += 1;
    line.textContent = words;
    choice.hidden = false;
    timer = setTimeout(attempt, Math.max(usual, Math.min(pause || 0, longest)));
  }
  function take(text) {
    const page = new DOMParser().parseFromString(text, "text/html");
    const stamp = page.querySelector('form[data-problem="looks_automatic"] [name=stamp]');
    if (stamp && (isStale || failures)) {  // it waited longer than the stamp of its form is good for
      isStale = false;
      failures = 0;
      sent = sent.map(([name, value]) => [name, name === "stamp" ? stamp.value : value]);
      isKept = isKept && draft.write({ ...draftFrom(sent), sent });
      later(isKept ? box.dataset.later : box.dataset.open);
      return;
    }
    if (page.querySelector("[data-sent]")) {
      if (isKept) draft.drop();
      // Loaded anew, it asks for the receipt once more: the access code is told nowhere else.
      history.replaceState({ sent, at: Date.now() }, "", "#sent");
    } else if (isKept) draft.write({ ...draftFrom(sent), asked: page.querySelector("form[data-decides]") !== null });
    document.open();
    document.write(text);
    document.close();
    scrollTo(0, 0);
  }

  form.addEventListener("submit", (event) => {
    if (event.defaultPrevented) return;  // photos are still on their way
    event.preventDefault();
    if (!onTheWay) go(fieldsOf(form, event.submitter));
  });
  box.querySelector("[data-now]").addEventListener("click", attempt);
  box.querySelector("[data-change]").addEventListener("click", () => {
    if (isKept) draft.write(draftFrom(sent));
    rest();
    form.querySelector("textarea, button").focus();
  });
  // Good moments to try; no proof of a network.
  addEventListener("online", attempt);
  addEventListener("pageshow", (event) => { if (event.persisted) attempt(); });
  document.addEventListener("visibilitychange", () => { if (document.visibilityState === "visible") attempt(); });
  return { go, rest };
}

{
  // Others have reported something like it: what the citizen says to that is sent the same way.
  const form = document.querySelector("form[data-decides]");
  if (form) {
    sending(form, form.dataset.decides);
    document.querySelector("[data-back]").hidden = false;
  }
}
