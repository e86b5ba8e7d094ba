// The three fields of a card: grouped while they are typed, complaints beside them.

import * as card from "./card.js";

const form = document.querySelector("form");
const today = { year: Number(form.dataset.year), month: Number(form.dataset.month) };
export const inputs = { number: form.elements.number, expiry: form.elements.expiry, code: form.elements.code };
const brand = document.getElementById("brand");

// Which field an error of the API is about.
const PLACES = {
  incorrect_number: "number",
  invalid_number: "number",
  expired_card: "expiry",
  invalid_expiry_month: "expiry",
  invalid_expiry_year: "expiry",
  incorrect_cvc: "code",
  invalid_cvc: "code",
};

const complaints = {
  number: () => card.wrongNumber(inputs.number.value),
  expiry: () => card.wrongExpiry(inputs.expiry.value, today),
  code: () => card.wrongCode(inputs.code.value, inputs.number.value),
};

const grouped = {
  number: card.groupedNumber,
  expiry: card.groupedExpiry,
  code: (text) => card.groupedCode(text, inputs.number.value),
};

// What the page is told of the fields: nothing of what stands in them.
export function state() {
  const values = Object.values(inputs).map((input) => input.value);
  return {
    empty: values.every((value) => !value),
    complete: Object.values(complaints).every((complain) => !complain()),
    invalid: Object.values(inputs).some((input) => input.getAttribute("aria-invalid") === "true"),
  };
}

// The first complaint, with all of them shown and its field in focus; null when the card can be sent.
export function check() {
  const wrong = Object.keys(inputs).filter((name) => show(name, complaints[name]()));
  if (!wrong.length) return null;
  inputs[wrong[0]].focus();
  return { type: "validation_error", ...complaints[wrong[0]]() };
}

// The card as the API takes it.
export function typed() {
  return { number: card.digits(inputs.number.value), ...card.readExpiry(inputs.expiry.value), cvc: inputs.code.value };
}

export function showRefusal(error) {
  const name = PLACES[error.code];
  if (name) show(name, error);
}

export function clear() {
  for (const [name, input] of Object.entries(inputs)) {
    input.value = "";
    show(name, null);
  }
  brand.textContent = "";
}

function show(name, complaint) {
  const error = document.getElementById(`${name}-error`);
  error.textContent = complaint?.message || "";
  if (complaint) inputs[name].setAttribute("aria-invalid", "true");
  else inputs[name].removeAttribute("aria-invalid");
  return complaint;
}

// Group what is typed; the caret stays behind the same digit.
function regroup(name, event) {
  const input = inputs[name];
  const before = card.digits(input.value.slice(0, input.selectionStart)).length;
  const isAtEnd = input.selectionStart === input.value.length;
  const isTakenBack = event.inputType?.startsWith("delete");
  if (isTakenBack && name === "expiry" && isAtEnd) input.value = input.value.replace(/\s*\/\s*$/, "");
  else input.value = grouped[name](input.value);
  const place = isAtEnd ? input.value.length : afterDigits(input.value, before);
  if (document.activeElement === input) input.setSelectionRange(place, place);
}

function afterDigits(text, count) {
  let place = 0;
  for (let seen = 0; place < text.length && seen < count; place++) if (/\d/.test(text[place])) seen++;
  return place;
}

// `changed` is called after every change of what is typed or complained of.
export function watch(changed) {
  for (const [name, input] of Object.entries(inputs)) {
    input.addEventListener("input", (event) => {
      regroup(name, event);
      show(name, null);
      if (name === "number") brand.textContent = card.brandOf(card.digits(input.value)).name;
      changed();
    });
    input.addEventListener("blur", () => {
      if (input.value && show(name, complaints[name]())) changed();
    });
  }
}
