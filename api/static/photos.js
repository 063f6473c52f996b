// Photos, better: each is uploaded as soon as it is chosen, and the form waits for those on their way.
"use strict";

for (const field of document.querySelectorAll("[data-photos]")) {
  const input = field.querySelector("input[type=file]");
  const list = field.querySelector("[data-taken]");
  const form = input.form;
  let onTheWay = 0, wanted = null;

  const refusal = (code, name) => {
    const words = field.querySelector(`[data-code="${code}"]`) ?? field.querySelector('[data-code=""]');
    return words.textContent.replace("{name}", name);
  };
  const upload = async (file) => {
    const line = document.createElement("li");
    line.textContent = `${file.name} ${field.dataset.busyWords}`;
    list.append(line);
    onTheWay += 1;
    try {
      const answer = await fetch(field.dataset.photos, { method: "POST", body: file, headers: { "Content-Type": file.type } });
      const told = await answer.json();
      if (!answer.ok) throw new Error(told.code);
      const tick = Object.assign(document.createElement("input"), { type: "checkbox", name: "photo", value: told.reference, checked: true, className: "form-check-input" });
      const label = document.createElement("label");
      label.append(tick, ` ${file.name} ✓`);
      line.replaceChildren(label);
    } catch (error) {
      line.textContent = `✗ ${refusal(/^[a-z_]+$/.test(error.message) ? error.message : "", file.name)}`;
      line.className = "refused";
    }
    onTheWay -= 1;
    if (!onTheWay && wanted) form.requestSubmit(wanted);
  };

  input.addEventListener("change", () => {
    const room = Number(field.dataset.most) - list.querySelectorAll("input").length;
    const files = [...input.files].slice(0, Math.max(0, room));
    input.value = "";  // they go their own way, not with the form
    for (const file of files) upload(file);
  });
  form.addEventListener("submit", (event) => {
    if (!onTheWay) return;
    event.preventDefault();
    wanted = event.submitter ?? form.querySelector("button:not([type=button])");
  });
}
