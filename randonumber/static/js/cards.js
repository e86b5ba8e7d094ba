// Saving a card in Stripe's own fields: the number goes from the visitor to Stripe and never here.
// https://docs.stripe.com/payments/accept-a-payment-deferred?type=setup

import { appearance, followScheme, loadStripe } from "./stripe.js";

const form = document.getElementById("save-card");
if (form) begin(form);

async function begin(form) {
  const missing = document.getElementById("save-card-missing");
  try {
    const stripe = await loadStripe({ url: form.dataset.stripeJs, key: form.dataset.stripeKey });
    const elements = stripe.elements({
      mode: "setup",
      currency: "usd",
      paymentMethodTypes: ["card"],
      appearance: appearance(),
    });
    followScheme(elements);
    form.hidden = false;
    missing.hidden = true;
    elements.create("payment").mount("#card-fields");
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      if (!form.dataset.working) save(form, stripe, elements);
    });
  } catch {
    form.hidden = true;
    missing.hidden = false;
  }
}

async function save(form, stripe, elements) {
  work(form, true);
  tell("");
  try {
    const { error: incomplete } = await elements.submit();
    if (incomplete) return tell(incomplete.message);
    const clientSecret = await startSetup(form.dataset.formRef);
    const { error } = await stripe.confirmSetup({
      elements,
      clientSecret,
      confirmParams: { return_url: form.dataset.returnUrl },
    });
    tell(error.message); // without an error the browser is on its way
  } catch (problem) {
    tell(problem.message);
  } finally {
    work(form, false);
  }
}

async function startSetup(formRef) {
  const answer = await fetch("/account/cards/setup-intents", {
    method: "POST",
    headers: {
      "Content-Type": "application/json",
      Accept: "application/json",
      "X-CSRFToken": document.querySelector("meta[name=csrf-token]").content,
    },
    body: JSON.stringify({ form_ref: formRef }),
  }).catch(() => {
    throw new Error("The connection broke. Nothing was saved; please try again.");
  });
  const body = await answer.json();
  if (!answer.ok) throw new Error(body.detail);
  return body.client_secret;
}

function tell(words) {
  const place = document.getElementById("save-card-error");
  place.textContent = words;
  place.hidden = !words;
}

function work(form, isWorking) {
  const button = form.querySelector("button[type=submit]");
  if (isWorking) {
    form.dataset.working = "yes";
    button.dataset.idle = button.textContent;
    button.textContent = button.dataset.busy;
    button.setAttribute("aria-busy", "true");
  } else {
    delete form.dataset.working;
    button.textContent = button.dataset.idle;
    delete button.dataset.idle;
    button.removeAttribute("aria-busy");
  }
}
