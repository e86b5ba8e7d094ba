// The Payment Element: its place in the shop's page, its events, its frame.

const DESTROYED = "This Element has already been destroyed. Please create a new one.";
const EVENTS = ["ready", "change", "focus", "blur", "escape", "loaderror", "loaderstart"];
const PAYMENT_OPTIONS = [
  "defaultValues",
  "business",
  "paymentMethodOrder",
  "fields",
  "readOnly",
  "terms",
  "wallets",
  "layout",
  "applePay",
];

class PaymentElement {
  constructor(group, options) {
    warnOfUnknown(options, PAYMENT_OPTIONS, "elements.create()");
    this._group = group;
    this._options = options;
    this._handlers = new Map(EVENTS.map((name) => [name, []]));
    this._state = { empty: true, complete: false };
  }

  on(name, handler) {
    oneOf(name, EVENTS, "event", "element.on()");
    if (typeof handler !== "function") wrong("Invalid value for element.on(): handler should be a function.");
    this._handlers.get(name).push(handler);
    return this;
  }

  once(name, handler) {
    const only = (event) => {
      this.off(name, only);
      handler(event);
    };
    return this.on(name, only);
  }

  off(name, handler) {
    const kept = this._handlers.get(name) || [];
    this._handlers.set(name, handler ? kept.filter((one) => one !== handler) : []);
    return this;
  }

  mount(place) {
    this._live();
    const container = typeof place === "string" ? document.querySelector(place) : place;
    if (!container && typeof place === "string")
      wrong(
        `The selector you specified (${place}) applies to no DOM elements that are currently on the page.\n` +
          "Make sure the element exists on the page before calling mount().",
      );
    if (!(container instanceof Element))
      wrong("Invalid DOM element. Make sure to call mount() with a valid DOM element or selector.");
    if (this._frame && container === this._container) return;
    if (this._frame)
      wrong("This Element is already mounted. Use `unmount()` to unmount the Element before re-mounting.");
    this._container = container;
    container.replaceChildren();
    container.classList.add("StripeElement", "StripeElement--empty");
    this._open(container);
  }

  unmount() {
    this._live();
    this._close();
  }

  destroy() {
    this._live();
    this._close();
    this._destroyed = true;
    this._group._forget();
  }

  update(options) {
    this._live();
    warnOfUnknown(options, PAYMENT_OPTIONS, "element.update()");
    this._options = { ...this._options, ...options };
    this._frame?.call("look", this._look());
    return this;
  }

  focus() {
    this._live();
    this._frame?.iframe.focus();
    this._frame?.call("focus");
  }

  blur() {
    this._live();
    this._frame?.iframe.blur();
    this._frame?.call("blur");
  }

  clear() {
    this._live();
    this._frame?.call("clear");
  }

  collapse() {
    this._live();
    return this;
  }

  _live() {
    if (this._destroyed) wrong(DESTROYED);
  }

  _open(container) {
    const { key, account, version } = this._group._stripe;
    const settings = { key, account, version, clientSecret: this._group._options.clientSecret, look: this._look() };
    this._frame = new Frame("payment", settings, (name, data) => this._heard(name, data));
    Object.assign(this._frame.iframe.style, {
      display: "block",
      border: "0",
      margin: "-4px",
      width: "calc(100% + 8px)",
      height: "12rem",
    });
    this._watch = () => this._relook();
    this._dark = window.matchMedia("(prefers-color-scheme: dark)");
    this._dark.addEventListener("change", this._watch);
    this._relook();
    this._frame.attach(container);
    this._emit("loaderstart", {});
  }

  _close() {
    if (!this._frame) return;
    this._dark.removeEventListener("change", this._watch);
    this._frame.detach();
    this._frame = undefined;
    this._container.className = this._container.className.replace(/\bStripeElement(--\w+)?\b/g, "").trim();
    this._submitted = false;
  }

  _look() {
    const found = looks(this._group._options.appearance, this._container);
    return { ...found, readOnly: Boolean(this._options.readOnly) };
  }

  // A frame is see-through only while it uses the same colour scheme as the element that holds it.
  _relook() {
    const look = this._look();
    this._frame.settings.look = look;
    this._frame.iframe.style.colorScheme = look.theme === "night" ? "dark" : "light";
    if (this._frame.awake) this._frame.call("look", look);
  }

  _heard(name, data) {
    if (name === "height") this._frame.iframe.style.height = `${data.height}px`;
    else if (name === "enter") this._container.closest("form")?.requestSubmit();
    else if (name === "change") this._changed(data);
    else if (name === "loaderror") this._failed(data);
    else if (EVENTS.includes(name)) this._told(name);
  }

  _told(name) {
    if (name === "focus" || name === "blur") this._container.classList.toggle("StripeElement--focus", name === "focus");
    this._emit(name, {});
  }

  _changed(state) {
    this._submitted = false;
    const classes = this._container.classList;
    for (const flag of ["empty", "complete", "invalid"]) classes.toggle(`StripeElement--${flag}`, Boolean(state[flag]));
    const { empty, complete } = state;
    this._emit("change", { empty, complete, collapsed: false, value: { type: "card" } });
  }

  _failed({ error }) {
    this._close();
    if (!this._handlers.get("loaderror").length) console.error("Unhandled payment Element loaderror", error);
    this._emit("loaderror", { error });
  }

  _emit(name, more) {
    for (const handler of [...this._handlers.get(name)]) handler({ elementType: "payment", ...more });
  }
}
