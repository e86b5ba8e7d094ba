// The Payment Element's frame: what is typed here goes to the API and nowhere else.

import { Api, mismatch } from "./api.js";
import * as fields from "./fields.js";
import { listen, tell } from "./port.js";

const SIZES = /^\d{1,3}(\.\d+)?(px|rem|em|%)?$/;
const COLOR = /^(#[0-9a-f]{3,8}|[a-z]{3,20}|(rgb|rgba|hsl|hsla)\([\d\s.,%/]+\))$/i;
const VARIABLES = {
  colorPrimary: ["--primary", COLOR],
  colorBackground: ["--field", COLOR],
  colorText: ["--ink", COLOR],
  colorTextSecondary: ["--dull", COLOR],
  colorDanger: ["--bad", COLOR],
  borderRadius: ["--radius", SIZES],
  fontSizeBase: ["--size", SIZES],
  spacingUnit: ["--unit", SIZES],
  fontFamily: ["--font", /^[\w\s,'"-]{1,200}$/],
};

const form = document.querySelector("form");
const root = document.documentElement;
let api;
let secret;

const calls = {
  async start(settings) {
    api = new Api(settings);
    look(settings.look);
    secret = settings.clientSecret && readSecret(settings.clientSecret);
    const { error } = secret ? await api.open(secret) : {};
    if (error) return tell("loaderror", { error });
    form.hidden = false;
    measure();
    tell("ready");
  },
  look,
  focus() {
    const invalid = Object.values(fields.inputs).find((input) => input.getAttribute("aria-invalid") === "true");
    (invalid || fields.inputs.number).focus();
  },
  blur() {
    document.activeElement?.blur();
  },
  clear() {
    fields.clear();
    changed();
  },
  submit() {
    const error = fields.check();
    if (error) changed();
    return error ? { error } : { selectedPaymentMethod: "card" };
  },
  fetchUpdates: () => api.open(secret),
  confirm: (details) => whileBusy(() => confirm(details)),
  createPaymentMethod: (details) => whileBusy(() => create(details.params, details.defaults)),
};

async function confirm({ secret: given, params, expected, defaults }) {
  const { payment_method_data: data = {}, ...rest } = params;
  const { error: unknown, intent } = await api.retrieve(given);
  const unfit = unknown || mismatch(intent, expected);
  if (unfit) return { error: unfit };
  const { error, paymentMethod } = await create(data, defaults);
  if (error) return { error };
  const answer = await api.confirm(given, { ...rest, payment_method: paymentMethod.id });
  if (answer.error) fields.showRefusal(answer.error);
  return answer;
}

async function create(params, defaults) {
  const error = fields.check();
  if (error) return { error };
  const answer = await api.createPaymentMethod(fields.typed(), params, defaults);
  if (answer.error) fields.showRefusal(answer.error);
  return answer;
}

// Nothing can be typed while the API is asked.
async function whileBusy(work) {
  const inputs = Object.values(fields.inputs);
  const locked = inputs.map((input) => input.readOnly);
  inputs.forEach((input) => (input.readOnly = true));
  form.setAttribute("aria-busy", "true");
  try {
    return await work();
  } finally {
    inputs.forEach((input, place) => (input.readOnly = locked[place]));
    form.removeAttribute("aria-busy");
  }
}

function readSecret(text) {
  const [id] = text.split("_secret_");
  return { id, secret: text, mode: id.startsWith("pi_") ? "payment" : "setup" };
}

function look({ theme, variables, readOnly }) {
  root.dataset.theme = theme;
  for (const [name, [property, form_]] of Object.entries(VARIABLES)) {
    const value = variables[name];
    if (typeof value === "string" && form_.test(value.trim())) root.style.setProperty(property, value.trim());
    else root.style.removeProperty(property);
  }
  Object.values(fields.inputs).forEach((input) => (input.readOnly = readOnly));
}

function changed() {
  tell("change", fields.state());
}

function measure() {
  tell("height", { height: Math.ceil(document.body.getBoundingClientRect().height) });
}

new ResizeObserver(measure).observe(document.body);
fields.watch(changed);
form.addEventListener("submit", (event) => event.preventDefault());
form.addEventListener("keydown", (event) => {
  if (event.key === "Escape") tell("escape");
  if (event.key === "Enter") tell("enter");
});
window.addEventListener("focus", () => tell("focus"));
window.addEventListener("blur", () => tell("blur"));
listen(calls);
