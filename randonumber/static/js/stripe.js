// Stripe.js, loaded when a page wants it, and how its fields look beside ours.

let loading;

// The Stripe object for this shop. Rejects when the script cannot be had: blocked, or no network.
export function loadStripe({ url, key }) {
  loading ??= new Promise((loaded, failed) => {
    const script = document.createElement("script");
    script.src = url;
    script.onload = () => (window.Stripe ? loaded() : failed(new Error("Stripe.js did not start")));
    script.onerror = () => failed(new Error("Stripe.js did not load"));
    document.head.append(script);
  });
  return loading.then(() => window.Stripe(key));
}

const dark = window.matchMedia("(prefers-color-scheme: dark)");

export function appearance() {
  const style = getComputedStyle(document.documentElement);
  const token = (name) => style.getPropertyValue(name).trim();
  const variables = {
    colorPrimary: token("--accent"),
    colorBackground: token("--surface"),
    colorText: token("--ink"),
    colorDanger: token("--bad"),
    borderRadius: "8px",
    fontSizeBase: "16px",
  };
  return { theme: dark.matches ? "night" : "stripe", variables };
}

// The fields follow when the visitor's setting changes.
export function followScheme(elements) {
  dark.addEventListener("change", () => elements.update({ appearance: appearance() }));
}
