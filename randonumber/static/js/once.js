// A form is sent once: its button says that it works, and a second press does nothing.

export function showWork() {
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (event.defaultPrevented || !form.matches("[data-once]")) return; // a script sends it
    if (form.dataset.sent) {
      event.preventDefault();
      return;
    }
    form.dataset.sent = "yes";
    const button = event.submitter ?? form.querySelector("button[type=submit]");
    if (button?.dataset.busy) begin(button);
  });
  // Back from another page, the form can be used again.
  window.addEventListener("pageshow", () => {
    for (const form of document.querySelectorAll("[data-sent]")) delete form.dataset.sent;
    for (const button of document.querySelectorAll("button[data-idle]")) end(button);
  });
}

export function begin(button, words = button.dataset.busy) {
  button.dataset.idle = button.textContent;
  button.textContent = words;
  button.setAttribute("aria-busy", "true");
}

export function end(button) {
  button.textContent = button.dataset.idle;
  delete button.dataset.idle;
  button.removeAttribute("aria-busy");
}
