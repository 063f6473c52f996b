// Asks the browser to be notified of this ticket, and sends what it answers with the form.
"use strict";

{
  const panel = document.querySelector("[data-push]");
  const form = panel?.querySelector("[data-push-form]");
  const none = panel?.querySelector("[data-push-none]");
  if (form && "serviceWorker" in navigator && "PushManager" in window && "Notification" in window) {
    form.hidden = false;
    none.hidden = true;
    form.addEventListener("submit", async (event) => {
      if (form.subscription.value) return;
      event.preventDefault();
      try {
        const worker = await navigator.serviceWorker.register("/sw.js");
        await navigator.serviceWorker.ready;
        const subscription = await worker.pushManager.subscribe({
          userVisibleOnly: true, applicationServerKey: panel.dataset.push,
        });
        form.subscription.value = JSON.stringify(subscription);
        form.requestSubmit();
      } catch {  // refused, or there is no push service: everything is on the page
        form.hidden = true;
        none.hidden = false;
      }
    });
  }
}
