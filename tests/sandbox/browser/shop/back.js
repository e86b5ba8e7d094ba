// Where buyers come back to: what the address says, and what Stripe says.
const asked = new URLSearchParams(location.search);
const stripe = Stripe("pk_test_shop");
const secret = asked.get("payment_intent_client_secret");
const found = secret
  ? await stripe.retrievePaymentIntent(secret)
  : await stripe.retrieveSetupIntent(asked.get("setup_intent_client_secret"));
const { id, status } = found.paymentIntent || found.setupIntent;
document.getElementById("status").textContent =
  `order ${asked.get("order")}: ${asked.get("redirect_status")}, ${status}, ${id}`;
