// <output data-quote="/credits/quote" for="quantity">: the price of the quantity that is typed, as the server sees it.

const PAUSE_MILLISECONDS = 200;

export function liveQuotes() {
  for (const output of document.querySelectorAll("output[data-quote]")) {
    const field = document.getElementById(output.htmlFor[0]);
    let timer, asked;
    const sum = output.querySelector("strong");
    if (sum) label(output, `Pay ${sum.textContent}`);
    field.addEventListener("input", () => {
      clearTimeout(timer);
      asked?.abort();
      asked = new AbortController();
      timer = setTimeout(() => ask(output, field, asked.signal), PAUSE_MILLISECONDS);
    });
  }
}

async function ask(output, field, signal) {
  const query = new URLSearchParams({ quantity: field.value.trim() });
  try {
    const answer = await fetch(`${output.dataset.quote}?${query}`, { signal, headers: { Accept: "application/json" } });
    const body = await answer.json();
    output.replaceChildren(...(answer.ok ? price(body) : refusal(body)));
    label(output, answer.ok ? `Pay ${money(body.amount, body.currency)}` : "Continue to payment");
  } catch (error) {
    if (error.name !== "AbortError") output.textContent = "The price is shown on the next page.";
  }
}

function label(output, words) {
  output.closest("form").querySelector("button[type=submit]").textContent = words;
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

function money(minor, currency) {
  return new Intl.NumberFormat("en-US", { style: "currency", currency }).format(minor / 100);
}

function credits(count) {
  return `${count.toLocaleString("en-US")} ${count === 1 ? "credit" : "credits"}`;
}
