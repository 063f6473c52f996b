// Photos, better: each is uploaded as soon as it is chosen, and the form waits for those on their way.
"use strict";

// A photo that was taken already, ticked in the list of its field.
function photoIsHere(field, reference) {
  const list = field.querySelector("[data-taken]");
  if ([...list.querySelectorAll("input")].some((one) => one.value === reference)) return;
  const line = document.createElement("li");
  const label = document.createElement("label");
  label.append(photoTick(reference), ` ${field.dataset.hereWords.replace("{count}", list.children.length + 1)}`);
  line.append(label);
  list.append(line);
}

function photoTick(reference) {
  return Object.assign(document.createElement("input"), { type: "checkbox", name: "photo", value: reference, checked: true, className: "form-check-input" });
}

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
      const answer = await fetch(field.dataset.photos, { method: "POST", body: file, headers: { "Content-Type": file.type }, signal: AbortSignal.timeout(120_000) });
      const told = await answer.json();
      if (!answer.ok) throw new Error(told.code);
      const label = document.createElement("label");
      label.append(photoTick(told.reference), ` ${file.name} ✓`);
      line.replaceChildren(label);
      form.dispatchEvent(new Event("input"));  // a draft keeps it
    } catch (error) {
      line.textContent = `✗ ${refusal(/^[a-z_]+$/.test(error.message) ? error.message : "", file.name)}`;
      line.className = "refused";
    }
    onTheWay -= 1;
    if (onTheWay || !wanted) return;
    form.requestSubmit(wanted);
    wanted = null;
  };

  const take = () => {
    const room = Number(field.dataset.most) - list.querySelectorAll("input").length;
    const files = [...input.files].slice(0, Math.max(0, room));
    input.value = "";  // they go their own way, not with the form
    for (const file of files) upload(file);
  };
  input.addEventListener("change", take);
  if (input.files.length) take();  // chosen before this script was here
  form.addEventListener("submit", (event) => {
    if (!onTheWay) return;
    event.preventDefault();
    wanted = event.submitter ?? form.querySelector("button:not([type=button])");
  });
}
