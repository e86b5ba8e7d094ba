// <output data-quote="/credits/quote" for="quantity">: the price of the quantity that is typed, as the server sees it.
// Tells of each by an event "quote" whose detail is the quote, or null while there is none.

const PAUSE_MILLISECONDS = 200;

export function liveQuotes() {
  for (const output of document.querySelectorAll("output[data-quote]")) {
    const field = document.getElementById(output.htmlFor[0]);
    let timer, asked;
    const sum = output.querySelector("strong");
    if (sum) label(output, sum.textContent);
    field.addEventListener("input", () => {
      clearTimeout(timer);
      asked?.abort();
      asked = new AbortController();
      timer = setTimeout(() => ask(output, asked.signal), PAUSE_MILLISECONDS);
    });
  }
}

// Shows what the quantity in the field costs, and returns the quote; null when it has no price, or none is to be had.
export async function ask(output, signal) {
  const field = document.getElementById(output.htmlFor[0]);
  const query = new URLSearchParams({ quantity: field.value.trim() });
  try {
    const answer = await fetch(`${output.dataset.quote}?${query}`, { signal, headers: { Accept: "application/json" } });
    const body = await answer.json();
    output.replaceChildren(...(answer.ok ? price(body) : refusal(body)));
    return told(output, answer.ok ? body : null);
  } catch (error) {
    if (error.name === "AbortError") return null;
    output.textContent = "The price is shown on the next page.";
    return told(output, null);
  }
}

function told(output, quote) {
  label(output, quote && money(quote.amount, quote.currency));
  output.dispatchEvent(new CustomEvent("quote", { bubbles: true, detail: quote }));
  return quote;
}

// A button with data-priced says in those words what is paid, and without a price what it said at first.
export function label(output, sum) {
  const button = output.closest("form").querySelector("button[type=submit]");
  if (!button.dataset.priced) return;
  button.dataset.unpriced ??= button.dataset.idle ?? button.textContent;
  const words = sum ? button.dataset.priced.replace("{sum}", sum) : button.dataset.unpriced;
  if (button.dataset.idle) button.dataset.idle = words;
  else button.textContent = words;
}

function price(quote) {
  const sum = document.createElement("strong");
  sum.textContent = money(quote.amount, quote.currency);
  const parts = [`${credits(quote.quantity)} at ${money(quote.unit_price, quote.currency)} each: `, sum, "."];
  const next = quote.next_break;
  if (!next) return parts;
  const hint = document.createElement("span");
  const cheaper = next.amount <= quote.amount;
  hint.className = cheaper ? "hint" : "muted";
  hint.textContent = cheaper
    ? ` ${credits(next.quantity)} cost ${money(next.amount, quote.currency)}: no more than these.`
    : ` From ${credits(next.quantity)} on, ${money(next.unit_price, quote.currency)} each.`;
  return [...parts, hint];
}

function refusal(problem) {
  const words = document.createElement("span");
  words.className = "field-error";
  words.textContent = problem.errors?.[0]?.message ?? problem.detail;
  return [words];
}

export function money(minor, currency) {
  return new Intl.NumberFormat("en-US", { style: "currency", currency }).format(minor / 100);
}

function credits(count) {
  return `${count.toLocaleString("en-US")} ${count === 1 ? "credit" : "credits"}`;
}
