// `window.Stripe`: the object that a shop's page works with.

const UNDONE = [
  "confirmCardPayment",
  "confirmCardSetup",
  "confirmUsBankAccountPayment",
  "confirmUsBankAccountSetup",
  "createConfirmationToken",
  "createToken",
  "createSource",
  "retrieveSource",
  "handleCardAction",
  "paymentRequest",
  "redirectToCheckout",
  "initEmbeddedCheckout",
  "initCheckout",
  "collectBankAccountForPayment",
  "collectBankAccountForSetup",
  "verifyIdentity",
];

class StripeObject {
  constructor(key, options) {
    this.key = key;
    this.account = options.stripeAccount;
    this.version = options.apiVersion;
    this.controller = new Controller({ key, account: this.account, version: this.version });
  }

  elements(options = {}) {
    return new Elements(this, options);
  }

  confirmPayment(options) {
    return confirm(this, KINDS.payment, options);
  }

  confirmSetup(options) {
    return confirm(this, KINDS.setup, options);
  }

  createPaymentMethod(options) {
    return createPaymentMethod(this, options);
  }

  handleNextAction(options) {
    return handleNextAction(this, options);
  }

  retrievePaymentIntent(clientSecret) {
    return retrieve(this, KINDS.payment, clientSecret);
  }

  retrieveSetupIntent(clientSecret) {
    return retrieve(this, KINDS.setup, clientSecret);
  }

  registerAppInfo() {}
}
for (const name of UNDONE) StripeObject.prototype[name] = () => notHereYet(`stripe.${name}()`);

window.Stripe = function Stripe(key, options = {}) {
  checkKey(key);
  checkStripeOptions(options);
  return new StripeObject(key, options);
};
window.Stripe.version = "dahlia";
