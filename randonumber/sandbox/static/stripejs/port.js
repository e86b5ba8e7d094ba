// The talk with the page that holds this frame: only with its window, and only with the origin it was opened for.

const origin = new URLSearchParams(location.search).get("origin");

export function tell(name, data = {}) {
  if (window.parent !== window) window.parent.postMessage({ stripejs: true, name, data }, origin);
}

// `calls` are what the page may ask for, by name; each gets the details and answers with an object.
export function listen(calls) {
  window.addEventListener("message", async (event) => {
    if (event.origin !== origin || event.source !== window.parent || !event.data?.stripejs) return;
    const { id, call, details } = event.data;
    if (!Object.hasOwn(calls, call)) return;
    const answer = (await calls[call](details)) || {};
    if (id !== null) window.parent.postMessage({ stripejs: true, id, answer }, origin);
  });
  tell("awake");
}
