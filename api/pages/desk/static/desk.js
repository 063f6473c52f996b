// The desk's pages: what is known while somebody types, keys instead of a mouse, rows to add.
"use strict";

document.documentElement.classList.add("has-script");

const later = (work, wait) => {
  let timer;
  return () => { clearTimeout(timer); timer = setTimeout(work, wait); };
};

// The part of a page that the server draws anew; null when it could not.
async function drawn(address, options, last) {
  last.stop?.abort();
  last.stop = new AbortController();
  try {
    const answer = await fetch(address, {...options, signal: last.stop.signal});
    return answer.status === 200 || answer.status === 422 ? await answer.text() : null;
  } catch { return null; }
}

function put(id, text) {
  const made = new DOMParser().parseFromString(text, "text/html").getElementById(id);
  if (made) document.getElementById(id)?.replaceWith(made);
  return made;
}

// --- the call screen ---------------------------------------------------------------------------

const form = document.querySelector("[data-suggestions]");
if (form) {
  const said = document.querySelector("[data-suggestions-said]"), suggesting = {}, searching = {};
  const typed = () => {
    const body = new FormData(form);
    ["do", "files"].forEach((name) => body.delete(name));
    return body;
  };
  const suggest = later(async () => {
    const open = [...form.querySelectorAll(".often[open]")].map((one) => one.innerText);
    const text = await drawn(form.dataset.suggestions, {method: "POST", body: typed()}, suggesting);
    const made = text && !document.activeElement.closest("#suggestions") && put("suggestions", text);
    if (!made) return;
    if (said.textContent !== made.dataset.said) said.textContent = made.dataset.said;
    if (made.dataset.title) form.elements.title.placeholder = made.dataset.title;
    open.forEach((one) => [...made.querySelectorAll(".often")].find((o) => o.innerText === one)?.setAttribute("open", ""));
  }, 250);
  form.addEventListener("input", (event) => {
    if (["text", "title", "category", "area", "address", "kind"].includes(event.target.name)) suggest();
  });
  // What was typed before this script was here.
  if (form.elements.text.value !== form.elements.text.defaultValue) suggest();

  const phone = form.querySelector("[data-search]");
  const search = async () => {
    const text = await drawn(phone.dataset.search, {method: "POST", body: typed()}, searching);
    if (text && put("caller", text)) form.elements.text.focus();
  };
  phone.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.isComposing || event.ctrlKey) return;
    event.preventDefault();
    if (phone.value.trim()) search(); else form.elements.text.focus();
  });
  form.querySelector("[data-search-button]").addEventListener("click", (event) => {
    event.preventDefault();
    search();
  });
  form.addEventListener("click", (event) => {
    const fill = event.target.closest("[data-fill]"), use = event.target.closest("[data-use]");
    if (fill) {
      const field = document.getElementById(fill.dataset.fill);
      field.value = fill.dataset.value;
      field.focus();
      field.dispatchEvent(new Event("input", {bubbles: true}));
    } else if (use) {
      event.preventDefault();
      const answer = form.elements.answer;
      document.getElementById("at-once").open = true;
      answer.value = [answer.value, use.dataset.use].filter(Boolean).join("\n");
      answer.focus();
    }
  });
}

// A list of suggestions that the server looks up, also by words that are in no name.
for (const field of document.querySelectorAll("[data-options]")) {
  const list = field.list, looking = {};
  field.addEventListener("input", later(async () => {
    const address = `${field.dataset.options}&category=${encodeURIComponent(field.value)}`;
    const text = await drawn(address, {}, looking);
    if (text !== null) list.innerHTML = text;
  }, 150));
}

// A value that is offered as a button, for the field beside it.
document.addEventListener("click", (event) => {
  const put = event.target.closest("[data-put]");
  if (!put) return;
  const field = document.getElementById(put.dataset.put);
  field.value = put.dataset.value;
  field.focus();
});

// --- keys --------------------------------------------------------------------------------------

let sent = false;
document.addEventListener("submit", () => { sent = true; });
window.addEventListener("pageshow", () => { sent = false; });
document.addEventListener("keydown", (event) => {
  if (event.isComposing || event.repeat) return;
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
    const near = event.target.closest?.("form")?.querySelector("[data-primary]");
    const button = near ?? document.querySelector("[data-primary]");
    if (!button || sent) return;
    event.preventDefault();
    button.click();
  } else if (event.altKey && !event.ctrlKey && !event.metaKey && /^Key[A-Z]$/.test(event.code)) {
    const found = document.querySelector(`[data-key="${event.code.slice(3).toLowerCase()}"]`);
    if (!found) return;
    event.preventDefault();
    const next = found.dataset.focusNext;
    if (found.matches("input, select, textarea")) found.focus();
    else if (next) { found.parentElement.open = true; document.getElementById(next).focus(); }
    else found.click();
  }
});

// --- rows of the batch registration --------------------------------------------------------------

const rows = document.querySelector("[data-rows]"), another = document.querySelector("[data-another]");
another?.addEventListener("click", (event) => {
  event.preventDefault();
  const last = rows.lastElementChild, made = last.cloneNode(true), n = rows.children.length;
  made.querySelectorAll(".invalid-feedback").forEach((one) => one.remove());
  for (const one of made.querySelectorAll("[name]")) {
    const name = one.name.replace(/-\d+$/, `-${n}`);
    one.name = name;
    one.id = `f-${name}`;
    one.classList.remove("is-invalid");
    ["aria-invalid", "aria-describedby"].forEach((mark) => one.removeAttribute(mark));
    one.setAttribute("aria-label", one.getAttribute("aria-label")?.replace(/\d+/, n + 1) ?? "");
    if (one.type === "hidden") one.value = crypto.randomUUID?.() ?? String(Math.random()).slice(2);
    else if (one.matches("input, textarea")) one.value = "";
  }
  const head = made.querySelector("th");
  if (head) head.textContent = n + 1;
  rows.append(made);
  document.querySelector("[name=rows]").value = n + 1;
  made.querySelector("textarea, input:not([type=hidden])").focus();
});
