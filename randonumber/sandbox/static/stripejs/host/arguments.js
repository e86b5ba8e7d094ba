// The arguments of every call, checked before anything happens.

const SECRET = /^((pi|seti)_[A-Za-z0-9]+)_secret_[A-Za-z0-9]+$/;
const SECRET_FORM = "should be a client secret of the form ${id}_secret_${secret}.";
const MODES = ["payment", "setup", "subscription"];
const USAGES = ["off_session", "on_session"];
const COMPARED = ["mode", "amount", "currency", "setupFutureUsage", "captureMethod", "paymentMethodTypes"];
const ELEMENTS_OPTIONS = [
  ...COMPARED,
  "clientSecret",
  "appearance",
  "locale",
  "fonts",
  "loader",
  "paymentMethodCreation",
  "paymentMethodConfiguration",
  "paymentMethodOptions",
  "excludedPaymentMethodTypes",
  "externalPaymentMethodTypes",
  "customerSessionClientSecret",
  "onBehalfOf",
];
const UNDONE_ELEMENTS_OPTIONS = ["customerSessionClientSecret", "onBehalfOf", "externalPaymentMethodTypes"];

function isObject(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function checkKey(key) {
  if (key === undefined || key === null) wrong("Missing value for Stripe(): apiKey should be a string.");
  if (typeof key !== "string")
    wrong(`Invalid value for Stripe(): apiKey should be a string. You specified: ${shown(key)}.`);
  if (!key.trim()) wrong("Please call Stripe() with your publishable key. You used an empty string.");
  if (/^[sr]k_/.test(key))
    wrong("You should not use your secret key with Stripe.js.\nPlease pass a publishable key instead.");
  if (!/^pk_test_[A-Za-z0-9_]{1,240}$/.test(key))
    wrong(
      "Please call Stripe() with your publishable key. The sandbox takes test keys alone, which begin with pk_test_.",
    );
}

function checkStripeOptions(options) {
  if (!isObject(options))
    wrong(`Invalid value for Stripe(): options should be an object. You specified: ${shown(options)}.`);
  const account = options.stripeAccount;
  if (account !== undefined && (typeof account !== "string" || !/^acct_/.test(account)))
    wrong(`Invalid value for Stripe(): stripeAccount should be an account id. You specified: ${shown(account)}.`);
}

// A client secret in its parts. Throws unless it is one of a PaymentIntent or a SetupIntent.
function readSecret(secret, place) {
  if (secret === undefined || secret === null) wrong(`Missing value for ${place}: clientSecret ${SECRET_FORM}`);
  const found = typeof secret === "string" ? SECRET.exec(secret) : null;
  if (!found) wrong(`Invalid value for ${place}: clientSecret ${SECRET_FORM} You specified: ${shown(secret)}.`);
  return { secret, id: found[1], mode: found[2] === "pi" ? "payment" : "setup" };
}

function checkElementsOptions(options, place) {
  if (!isObject(options))
    wrong(`Invalid value for ${place}: options should be an object. You specified: ${shown(options)}.`);
  warnOfUnknown(options, ELEMENTS_OPTIONS, place);
  for (const name of UNDONE_ELEMENTS_OPTIONS)
    if (options[name] !== undefined && options[name] !== null && options[name].length !== 0)
      notHereYet(`${place} with \`${name}\``);
  checkAppearance(options.appearance, place);
  if (options.clientSecret !== undefined) return checkIntentOptions(options, place);
  if (options.mode !== undefined) checkModeOptions(options, place);
  else if (COMPARED.some((name) => options[name] !== undefined))
    wrong(`Missing value for ${place}: mode should be one of the following strings: ${MODES.join(", ")}.`);
}

function checkIntentOptions(options, place) {
  readSecret(options.clientSecret, place);
  const extra = COMPARED.find((name) => options[name] !== undefined);
  if (extra) wrong(`Invalid value for ${place}: ${extra} should not be given together with clientSecret.`);
}

function checkModeOptions(options, place) {
  oneOf(options.mode, MODES, "mode", place);
  if (options.mode === "subscription") notHereYet("Elements in mode `subscription`");
  if (options.mode === "payment") checkAmount(options.amount, place);
  if (options.mode === "payment" || options.currency !== undefined) checkCurrency(options.currency, place);
  if (options.setupFutureUsage) oneOf(options.setupFutureUsage, USAGES, "setupFutureUsage", place);
  if (options.captureMethod === "manual") notHereYet("Elements with captureMethod `manual`");
  if (options.paymentMethodCreation) oneOf(options.paymentMethodCreation, ["manual"], "paymentMethodCreation", place);
  const types = options.paymentMethodTypes;
  if (types !== undefined && (!Array.isArray(types) || !types.length))
    wrong(
      `Invalid value for ${place}: paymentMethodTypes should be an array of strings. You specified: ${shown(types)}.`,
    );
  if (types && !types.includes("card")) notHereYet(`the Payment Element for \`${shown(types[0])}\``);
}

function checkAmount(amount, place) {
  if (amount === undefined) wrong(`Missing value for ${place}: amount should be an integer.`);
  if (!Number.isInteger(amount))
    wrong(`Invalid value for ${place}: amount should be an integer. You specified: ${shown(amount)}.`);
  if (amount <= 0) wrong(`Invalid value for ${place}: amount must be greater than 0.`);
}

function checkCurrency(currency, place) {
  if (currency === undefined) wrong(`Missing value for ${place}: currency should be a string.`);
  if (typeof currency !== "string" || !/^[a-z]{3}$/.test(currency))
    wrong(
      `Invalid value for ${place}: currency should be a three-letter code in lower case. You specified: ${shown(currency)}.`,
    );
}

function oneOf(value, allowed, name, place) {
  if (value === undefined)
    wrong(`Missing value for ${place}: ${name} should be one of the following strings: ${allowed.join(", ")}.`);
  if (!allowed.includes(value))
    wrong(
      `Invalid value for ${place}: ${name} should be one of the following strings: ${allowed.join(", ")}. You specified: ${shown(value)}.`,
    );
}

function warnOfUnknown(options, known, place) {
  for (const name of Object.keys(options))
    if (!known.includes(name))
      console.warn(
        `[Stripe.js] Unrecognized ${place} parameter: ${name} is not a recognized parameter. ` +
          "This may cause issues with your integration in the future.",
      );
}
