// What a shop's own code does wrong: thrown, not answered, as Stripe.js does.

class IntegrationError extends Error {
  constructor(message) {
    super(message);
    this.name = "IntegrationError";
  }
}

function wrong(message) {
  throw new IntegrationError(message);
}

function notHereYet(what) {
  wrong(`The sandbox does not do ${what} yet.`);
}

// A value as it is named back to whoever passed it.
function shown(value) {
  if (typeof value === "string") return value;
  const text = typeof value === "function" ? "a function" : JSON.stringify(value);
  return text === undefined ? "undefined" : text;
}
