// A group of elements: what is to be paid or set up, and the one element that there is here.

const NEEDS_OPTIONS =
  "In order to create a payment element, you must pass a clientSecret or mode when creating the Elements group.\n\n" +
  ' e.g. stripe.elements({clientSecret: "{{CLIENT_SECRET}}"})';
const NO_UPDATES = "Elements without a clientSecret have nothing to fetch.";

class Elements {
  constructor(stripe, options) {
    checkElementsOptions(options, "elements()");
    this._stripe = stripe;
    this._options = { ...options };
    this._handlers = [];
  }

  create(type, options = {}) {
    if (typeof type !== "string") wrong("Missing value for elements.create(): type should be a string.");
    if (type !== "payment") notHereYet(`the ${type} Element`);
    if (!this._isDeferred() && !this._options.clientSecret) wrong(NEEDS_OPTIONS);
    if (this._element) wrong("Can only create one Element of type payment.");
    this._element = new PaymentElement(this, options);
    return this._element;
  }

  getElement(type) {
    return type === "payment" && this._element ? this._element : null;
  }

  async update(options) {
    const merged = { ...this._options, ...options };
    if (options && options.clientSecret !== undefined)
      wrong("Invalid value for elements.update(): clientSecret cannot be changed.");
    checkElementsOptions(merged, "elements.update()");
    this._options = merged;
    if (this._element?._frame) this._element._relook();
    this._handlers.forEach((handler) => handler());
  }

  on(name, handler) {
    oneOf(name, ["update-end"], "event", "elements.on()");
    this._handlers.push(handler);
    return this;
  }

  async submit() {
    const answer = await this._mounted("elements.submit()")._frame.call("submit");
    if (!answer.error) this._element._submitted = true;
    return answer;
  }

  async fetchUpdates() {
    if (!this._options.clientSecret) return { error: { message: NO_UPDATES } };
    const { error } = await this._mounted("elements.fetchUpdates()")._frame.call("fetchUpdates");
    return error ? { error: { message: error.message, status: error.code } } : {};
  }

  _isDeferred() {
    return this._options.mode !== undefined;
  }

  // What the intent of a deferred payment must agree with.
  _expected() {
    const named = COMPARED.filter((name) => this._options[name] !== undefined);
    return this._isDeferred() ? Object.fromEntries(named.map((name) => [name, this._options[name]])) : null;
  }

  _mounted(place) {
    if (!this._element?._frame)
      wrong(`Invalid value for ${place}: elements should have a mounted Payment Element or Express Checkout Element.`);
    return this._element;
  }

  _forget() {
    this._element = undefined;
  }
}
