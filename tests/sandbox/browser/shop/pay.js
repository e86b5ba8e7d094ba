// The form of a shop, by its address: ?flow=deferred|secret|setup&amount=&then=&redirect=&theme=
const asked = Object.fromEntries(new URLSearchParams(location.search));
const flow = asked.flow || "deferred";
const stripe = Stripe("pk_test_shop");
const amount = Number(asked.amount || 1500);
const appearance = asked.theme ? { theme: asked.theme } : undefined;

async function newIntent(wanted) {
  const body = JSON.stringify({ setup: flow === "setup", ...wanted });
  const answer = await fetch("/intent", { method: "POST", body, headers: { "Content-Type": "application/json" } });
  return (await answer.json()).client_secret;
}

const options = {
  deferred: () => ({ mode: "payment", amount, currency: "usd", appearance }),
  setup: () => ({ mode: "setup", currency: "usd", appearance }),
  secret: async () => ({ clientSecret: await newIntent({ amount, currency: "usd" }), appearance }),
};

const elements = stripe.elements(await options[flow]());
const element = elements.create("payment");
window.heard = [];
for (const name of ["ready", "change", "focus", "blur", "escape", "loaderror"])
  element.on(name, (event) => window.heard.push([name, event]));
window.shop = { stripe, elements, element };
element.mount("#element");
if (asked.then) await elements.update({ amount: Number(asked.then) });

document.querySelector("form").addEventListener("submit", async (event) => {
  event.preventDefault();
  show("");
  const { error: incomplete } = await elements.submit();
  if (incomplete) return show(incomplete.message);
  const wanted = flow === "setup" ? {} : { amount: Number(asked.charge || asked.then || amount), currency: "usd" };
  const clientSecret = flow === "secret" ? undefined : await newIntent(wanted);
  const confirmParams = {
    return_url: `${location.origin}/return?order=7`,
    payment_method_data: { billing_details: { name: "Ada" } },
  };
  const confirm = flow === "setup" ? "confirmSetup" : "confirmPayment";
  const answer = await stripe[confirm]({ elements, clientSecret, confirmParams, redirect: asked.redirect || "always" });
  window.answer = answer;
  event.target.dataset.answered = "yes";
  show(answer.error ? answer.error.message : (answer.paymentIntent || answer.setupIntent).status);
});

function show(text) {
  document.getElementById("error").textContent = text;
}
