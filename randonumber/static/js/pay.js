// <form data-pay="/credits/payment-intents" data-stripe-js data-stripe-key>: pay on this page, in Stripe's own fields.
// The card goes from the visitor to Stripe and never here. The form's purchase gets its intent when Pay is pressed, and
// what is charged is what the button said. https://docs.stripe.com/payments/accept-a-payment-deferred
// Where Stripe's script cannot be had, the form leads to Stripe's page as it does without any script.

import { begin as showBusy, end as showIdle } from "./once.js";
import { ask, label, money } from "./quote.js";
import { appearance, followScheme, loadStripe } from "./stripe.js";

const OFFLINE = "The connection broke. Your order is kept and nothing is charged twice: please press Pay again.";
const BROKEN = "This did not work here. Please try again, or pay on Stripe’s page.";
const SHOWN_TO_BUYERS = ["card_error", "validation_error"];

for (const form of document.querySelectorAll("form[data-pay][data-stripe-key]")) payOnPage(form);

async function payOnPage(form) {
  const part = (name) => form.querySelector(`[data-pay-${name}]`);
  const output = form.querySelector("output[data-quote]");
  const button = form.querySelector("button[type=submit]");
  let quote = quoted(output);
  let stripe, elements, busy;

  function start() {
    elements = stripe.elements({
      mode: "payment",
      amount: quote.amount,
      currency: quote.currency,
      appearance: appearance(),
    });
    followScheme(elements);
    const element = elements.create("payment");
    element.on("loaderror", blocked);
    part("fields").hidden = false;
    element.mount("#payment-element");
    part("hosted").hidden = false;
    button.dataset.priced = "Pay {sum} to Rando Number";
    label(output, money(quote.amount, quote.currency));
  }

  function blocked() {
    elements = undefined;
    for (const name of ["fields", "hosted"]) part(name).hidden = true;
    part("blocked").hidden = false;
    button.dataset.priced = "Pay {sum}";
    if (quote) label(output, money(quote.amount, quote.currency));
  }

  async function press() {
    work(true);
    tell("");
    try {
      if (!quote) return tell(newPrice(await ask(output)));
      const { error } = await elements.submit();
      tell(error ? error.message : await pay());
    } catch (problem) {
      console.error(problem);
      tell(BROKEN);
    } finally {
      work(false);
    }
  }

  // Returns what went wrong, in words; when nothing did, the browser is on its way.
  async function pay() {
    const shown = quote;
    if (String(shown?.quantity) !== form.elements.quantity.value.trim()) return newPrice(await ask(output));
    const found = await order();
    if (found.problem) return found.problem;
    if (!found.client_secret) return leaveFor(found.url);
    if (found.amount !== shown.amount) return newPrice(ordered(found));
    const { error } = await stripe.confirmPayment({
      elements,
      clientSecret: found.client_secret,
      confirmParams: { return_url: new URL(found.url, location.href).href },
    });
    if (!error) return leaveFor(found.url);
    if (SHOWN_TO_BUYERS.includes(error.type)) return error.message;
    const known = await order(); // nobody knows what became of it: what Stripe says decides
    return known.url && !known.client_secret ? leaveFor(known.url) : (known.problem ?? OFFLINE);
  }

  // An order that was begun at another price is paid at that one, once the button has said so.
  function ordered({ amount, currency }) {
    quote = { ...quote, amount, currency };
    elements.update({ amount });
    label(output, money(amount, currency));
    return quote;
  }

  async function order() {
    const wanted = {
      quantity: Number(form.elements.quantity.value.trim()),
      form_ref: form.elements.form_ref.value,
      save_card: part("save").checked,
    };
    return post(form.dataset.pay, wanted);
  }

  function work(isBusy) {
    busy = isBusy;
    form.elements.quantity.readOnly = part("save").disabled = isBusy;
    if (isBusy) showBusy(button, quote ? `Paying ${money(quote.amount, quote.currency)}…` : "Asking for the price…");
    else if (button.dataset.idle) showIdle(button);
  }

  function tell(words) {
    part("error").textContent = words ?? "";
  }

  form.addEventListener("submit", (event) => {
    if (!elements || event.submitter === part("hosted")) return;
    event.preventDefault();
    if (!busy) press();
  });
  output.addEventListener("quote", ({ detail }) => {
    quote = detail;
    if (!quote || !stripe) return;
    if (elements) elements.update({ amount: quote.amount });
    else if (part("blocked").hidden) start();
  });
  part("save").addEventListener("change", () => {
    elements.update({ setupFutureUsage: part("save").checked ? "off_session" : null });
  });
  window.addEventListener("pageshow", ({ persisted }) => persisted && work(false));

  try {
    stripe = await loadStripe({ url: form.dataset.stripeJs, key: form.dataset.stripeKey });
    if (quote) start();
  } catch {
    blocked();
  }
}

function quoted({ dataset }) {
  if (!dataset.amount) return null;
  return { quantity: Number(dataset.quantity), amount: Number(dataset.amount), currency: dataset.currency };
}

function newPrice(quote) {
  if (!quote) return "Please choose how many credits first.";
  return `That costs ${money(quote.amount, quote.currency)}. Press Pay to pay it.`;
}

function leaveFor(address) {
  location.assign(address);
  return new Promise(() => {});
}

// Returns what the server answers, or `problem`: in words, what a person can do about it.
async function post(address, wanted) {
  const headers = {
    "Content-Type": "application/json",
    Accept: "application/json",
    "X-CSRFToken": document.querySelector("meta[name=csrf-token]").content,
  };
  try {
    const answer = await fetch(address, { method: "POST", headers, body: JSON.stringify(wanted) });
    const body = await answer.json();
    return answer.ok ? body : { problem: body.detail };
  } catch {
    return { problem: OFFLINE };
  }
}
