// The sandbox's API with a publishable key. Every function answers `{error}` or what was asked for; none throws.

const NO_CONNECTION =
  "We are experiencing issues connecting to our payments provider. " +
  "Please check your internet connection and try again.";
const COMPARED = {
  amount: "amount",
  currency: "currency",
  setupFutureUsage: "setup_future_usage",
  paymentMethodTypes: "payment_method_types",
};
const NAMES = { payment: "PaymentIntent", setup: "SetupIntent" };
const TERMINAL = ["succeeded", "canceled"];

export class Api {
  // `key` is publishable, `account` the connected account the page acts for, `version` the API's.
  constructor({ key, account, version }) {
    this.headers = { Authorization: `Bearer ${key}` };
    if (account) this.headers["Stripe-Account"] = account;
    if (version) this.headers["Stripe-Version"] = version;
  }

  async send(method, path, params) {
    const form = new URLSearchParams(pairs(params));
    const query = method === "GET" ? `?${form}` : "";
    const body = method === "POST" ? form : undefined;
    try {
      const response = await fetch(`/v1/${path}${query}`, { method, body, headers: this.headers, cache: "no-store" });
      const found = await response.json();
      return response.ok ? { found } : { error: found.error };
    } catch {
      return { error: { type: "api_connection_error", message: NO_CONNECTION } };
    }
  }

  async retrieve({ id, secret, mode }) {
    const { error, found } = await this.send("GET", `${mode}_intents/${id}`, { client_secret: secret });
    return error ? { error } : { intent: found };
  }

  // An intent that can still be paid; what the fields are opened for.
  async open(secret) {
    const { error, intent } = await this.retrieve(secret);
    if (error || !TERMINAL.includes(intent.status)) return { error, intent };
    const name = NAMES[secret.mode];
    const message =
      `This ${name} is in a terminal state and cannot be used to initialize Elements. Avoid rendering Elements in ` +
      `this state, or create a new ${name} if intending to collect new payment details.`;
    return { error: { type: "invalid_request_error", code: `${secret.mode}_intent_unexpected_state`, message } };
  }

  async createPaymentMethod(card, { billing_details: billing, ...more }, defaults) {
    const details = { ...defaults, ...billing };
    const params = {
      type: "card",
      card,
      ...more,
      ...(Object.keys(details).length ? { billing_details: details } : {}),
    };
    const { error, found } = await this.send("POST", "payment_methods", params);
    return error ? { error } : { paymentMethod: found };
  }

  // Confirm with what `params` hold: a payment method that was made before, and where to come back to.
  async confirm({ id, secret, mode }, params) {
    const path = `${mode}_intents/${id}/confirm`;
    const { error, found } = await this.send("POST", path, { client_secret: secret, use_stripe_sdk: true, ...params });
    return error ? { error } : { intent: found };
  }
}

// What differs between an intent and the elements that shall pay it, in Stripe's words; null when they agree.
export function mismatch(intent, expected) {
  if (!expected) return null;
  const mode = intent.object === "setup_intent" ? "setup" : "payment";
  if (mode !== expected.mode) return refused("mode", mode, expected.mode, intent);
  for (const [name, field] of Object.entries(COMPARED)) {
    const [here, there] = [shape(intent[field]), shape(expected[name])];
    if (isCompared(mode, name, expected) && here !== there) return refused(field, here, there, intent);
  }
  return null;
}

function isCompared(mode, name, expected) {
  return name === "setupFutureUsage"
    ? mode === "payment"
    : expected[name] !== undefined && !(mode === "setup" && name !== "paymentMethodTypes");
}

function shape(value) {
  return Array.isArray(value) ? JSON.stringify([...value].sort()) : String(value ?? null);
}

function refused(field, here, there, intent) {
  const name = intent.object === "setup_intent" ? "Setup Intent" : "Payment Intent";
  const message =
    `The provided ${field} (${here}) does not match the expected ${field} (${there}). Try confirming with a ${name} ` +
    "that is configured to use the same parameters as Stripe Elements.";
  return { type: "invalid_request_error", message };
}

// Stripe's bracket form of nested parameters.
function pairs(value, name = "") {
  if (value === undefined || value === null) return [];
  if (typeof value !== "object") return [[name, String(value)]];
  return Object.entries(value).flatMap(([key, inner]) => pairs(inner, name ? `${name}[${key}]` : key));
}
