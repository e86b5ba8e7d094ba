// Confirming an intent, with what stands in the element or with a payment method that is known already.

const KINDS = {
  payment: {
    mode: "payment",
    method: "confirmPayment",
    other: "confirmSetup",
    key: "paymentIntent",
    name: "PaymentIntent",
    field: "payment_intent",
  },
  setup: {
    mode: "setup",
    method: "confirmSetup",
    other: "confirmPayment",
    key: "setupIntent",
    name: "SetupIntent",
    field: "setup_intent",
  },
};
const GUIDE = "https://stripe.com/docs/payments/accept-a-payment-deferred";

function confirm(stripe, kind, options) {
  const place = `stripe.${kind.method}()`;
  const { element, secret } = checkConfirmation(kind, options, place);
  const given = { ...(options.confirmParams || {}) };
  const back = given.return_url || location.href;
  return (async () => {
    if (element) checkSubmitted(element, place);
    const details = {
      secret,
      params: { ...given, return_url: back },
      expected: element ? element._group._expected() : null,
      defaults: element ? element._options.defaultValues?.billingDetails : undefined,
    };
    const answer = element
      ? await element._frame.call("confirm", details)
      : await stripe.controller.call("confirm", details);
    if (element) element._submitted = false;
    return answer.error ? { error: answer.error } : proceed(kind, answer.intent, options.redirect || "always", back);
  })();
}

function checkConfirmation(kind, options, place) {
  if (!isObject(options)) wrong(`Missing value for ${place}: options should be an object.`);
  const { elements, clientSecret, confirmParams } = options;
  if (!elements && !clientSecret) wrong(`${place}: expected either \`elements\` or \`clientSecret\`, but got neither.`);
  if (elements && !(elements instanceof Elements))
    wrong(`Invalid value for ${place}: elements should be an Elements group.`);
  const element = elements ? elements._mounted(place) : null;
  const secret = readSecret(clientSecret || elements._options.clientSecret, place);
  if (secret.mode !== kind.mode)
    wrong(
      `Your code called ${kind.method}() but you passed a client_secret associated with a ` +
        `${KINDS[secret.mode].name}. Did you mean to call ${kind.other}() instead?`,
    );
  if (confirmParams !== undefined && !isObject(confirmParams))
    wrong(`Invalid value for ${place}: confirmParams should be an object.`);
  oneOf(options.redirect === undefined ? "always" : options.redirect, ["always", "if_required"], "redirect", place);
  checkReturn(confirmParams?.return_url, options.redirect, place);
  return { element, secret };
}

function checkReturn(url, redirect, place) {
  if (url === undefined || url === null) {
    if (redirect !== "if_required") wrong(`Missing value for ${place}: confirmParams.return_url should be a string.`);
    return;
  }
  if (!URL.canParse(url))
    wrong(
      `Invalid value for ${place}: confirmParams.return_url should be an absolute address. You specified: ${shown(url)}.`,
    );
}

// Elements without an intent are read when the buyer presses the button; whatever was typed since is not known.
function checkSubmitted(element, place) {
  if (element._group._isDeferred() && !element._submitted)
    wrong(
      `elements.submit() must be called before ${place}. Call elements.submit() as soon as your customer presses pay, ` +
        `prior to any asynchronous work. Integration guide: ${GUIDE}`,
    );
}

// Where a confirmed intent leads: to a challenge, to the shop's page, or back to the caller.
function proceed(kind, intent, redirect, back) {
  const challenge = intent.next_action?.redirect_to_url?.url;
  if (intent.status === "requires_action" && challenge) return leaveFor(challenge);
  if (redirect === "if_required") return { [kind.key]: intent };
  const target = new URL(back);
  target.searchParams.set(kind.field, intent.id);
  target.searchParams.set(`${kind.field}_client_secret`, intent.client_secret);
  target.searchParams.set(
    "redirect_status",
    ["succeeded", "processing", "requires_capture"].includes(intent.status) ? "succeeded" : "failed",
  );
  return leaveFor(target.href);
}

// The page goes away, so nobody is answered.
function leaveFor(address) {
  window.location.assign(address);
  return new Promise(() => {});
}

async function createPaymentMethod(stripe, options) {
  const place = "stripe.createPaymentMethod()";
  if (!isObject(options) || !options.elements) notHereYet(`${place} without \`elements\``);
  if (!(options.elements instanceof Elements))
    wrong(`Invalid value for ${place}: elements should be an Elements group.`);
  const element = options.elements._mounted(place);
  if (options.elements._options.paymentMethodCreation !== "manual")
    wrong(`${place} expects elements that were created with \`paymentMethodCreation: "manual"\`.`);
  checkSubmitted(element, place);
  const details = { params: options.params || {}, defaults: element._options.defaultValues?.billingDetails };
  return element._frame.call("createPaymentMethod", details);
}

async function retrieve(stripe, kind, clientSecret) {
  const secret = readSecret(clientSecret, `stripe.retrieve${kind.name}()`);
  if (secret.mode !== kind.mode)
    wrong(
      `Invalid value for stripe.retrieve${kind.name} intent secret: value should be a ${kind.name} client secret. ` +
        `You specified: a ${KINDS[secret.mode].name} client secret.`,
    );
  const { error, intent } = await stripe.controller.call("retrieve", { secret });
  return error ? { error } : { [kind.key]: intent };
}

async function handleNextAction(stripe, options) {
  const secret = readSecret(options?.clientSecret, "stripe.handleNextAction()");
  const { error, intent } = await stripe.controller.call("retrieve", { secret });
  return error ? { error } : proceed(KINDS[secret.mode], intent, "if_required");
}
