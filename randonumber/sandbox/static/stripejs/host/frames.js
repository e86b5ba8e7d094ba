// A frame of the sandbox's origin, and the talk with it. Both sides look at the origin and at the window of a message.

const ORIGIN = new URL(document.currentScript.src).origin;
const PATIENCE_MS = 15000;
const GONE =
  "We could not retrieve data from the specified Element. " +
  "Please make sure the Element you are attempting to use is still mounted.";

class Frame {
  // `settings` is what the frame is told at its start; `hear(name, data)` gets what it says by itself.
  constructor(name, settings, hear) {
    this.settings = settings;
    this.hear = hear;
    this.waiting = new Map();
    this.unsent = [];
    this.awake = false;
    this.iframe = document.createElement("iframe");
    this.iframe.title = "Secure payment input frame";
    this.iframe.name = `stripe-${name}`;
    this.iframe.src = `${ORIGIN}/js/elements/${name}?origin=${encodeURIComponent(location.origin)}`;
    this.listener = (event) => this.receive(event);
  }

  attach(parent) {
    window.addEventListener("message", this.listener);
    parent.append(this.iframe);
    this.timer = setTimeout(() => this.hear("loaderror", noAnswer()), PATIENCE_MS);
  }

  detach() {
    clearTimeout(this.timer);
    window.removeEventListener("message", this.listener);
    this.iframe.remove();
    for (const { reject } of this.waiting.values()) reject(new IntegrationError(GONE));
    this.waiting.clear();
  }

  // Ask the frame to do something; resolves with what it answers.
  call(name, details = {}) {
    const id = Frame.lastId++;
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve, reject });
      this.send({ id, call: name, details: plain(details) });
    });
  }

  send(message) {
    if (this.awake) this.iframe.contentWindow.postMessage({ stripejs: true, ...message }, ORIGIN);
    else this.unsent.push(message);
  }

  receive(event) {
    if (event.origin !== ORIGIN || event.source !== this.iframe.contentWindow || !event.data?.stripejs) return;
    const { id, answer, name, data } = event.data;
    if (name === "awake") return this.wake();
    if (name) return this.hear(name, data);
    const asked = this.waiting.get(id);
    this.waiting.delete(id);
    if (asked && answer.wrong) asked.reject(new IntegrationError(answer.wrong));
    else asked?.resolve(answer);
  }

  wake() {
    clearTimeout(this.timer);
    this.awake = true;
    this.send({ id: null, call: "start", details: plain(this.settings) });
    this.unsent.splice(0).forEach((message) => this.send(message));
  }
}
Frame.lastId = 1;

// What can be sent to another window: no functions, nothing undefined.
function plain(value) {
  return JSON.parse(JSON.stringify(value));
}

function noAnswer() {
  return { error: { type: "api_connection_error", message: `The sandbox at ${ORIGIN} does not answer.` } };
}

// The frame without an element: one for each Stripe object, made when it is first needed.
class Controller {
  constructor(settings) {
    this.settings = settings;
  }

  async call(name, details) {
    if (!this.frame) this.frame = this.open();
    return (await this.frame).call(name, details);
  }

  async open() {
    if (!document.body) await new Promise((done) => document.addEventListener("DOMContentLoaded", done));
    const frame = new Frame("controller", this.settings, (name, data) => name === "loaderror" && frame.fail(data));
    frame.fail = (data) => {
      for (const { resolve } of frame.waiting.values()) resolve(data);
      frame.waiting.clear();
      frame.detach();
      this.frame = undefined;
    };
    frame.iframe.setAttribute("aria-hidden", "true");
    frame.iframe.tabIndex = -1;
    Object.assign(frame.iframe.style, {
      position: "absolute",
      width: "1px",
      height: "1px",
      border: "0",
      opacity: "0",
      pointerEvents: "none",
    });
    frame.attach(document.body);
    return frame;
  }
}
