// The auditor's slider: the moment is shown while it moves, and fetched when it stands.
"use strict";

const form = document.querySelector("[data-moment]");

if (form) {
  const range = form.querySelector("input[type=range]");
  const shown = form.querySelector("[data-shown]");
  let asked = 0;

  const show = async () => {
    const mine = ++asked;
    const address = `${form.getAttribute("action")}?version=${range.value}`;
    const answer = await fetch(address, {headers: {Accept: "text/html"}});
    if (mine !== asked) return;
    if (!answer.ok) return form.submit();
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const part of ["#then", ".moment-steps"]) {
      const fresh = page.querySelector(part);
      if (fresh) document.querySelector(part).replaceChildren(...fresh.childNodes);
    }
    history.replaceState(null, "", address);
  };

  form.querySelector("[data-go]").hidden = true;
  const tell = () => { shown.textContent = `${range.value} / ${range.max}`; };
  range.addEventListener("input", tell);
  range.addEventListener("change", show);
  // It may have been moved before this script was here.
  if (range.value !== range.defaultValue) {
    tell();
    show();
  }
}
