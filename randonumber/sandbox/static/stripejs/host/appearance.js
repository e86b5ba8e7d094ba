// How the fields look: Stripe's themes and the variables that make sense here; without a theme as light as the page.

const THEMES = ["stripe", "night", "flat", "none"];

function checkAppearance(appearance, place) {
  if (appearance === undefined || appearance === null) return;
  if (!isObject(appearance))
    wrong(`Invalid value for ${place}: appearance should be an object. You specified: ${shown(appearance)}.`);
  if (appearance.theme !== undefined && appearance.theme !== null)
    oneOf(appearance.theme, THEMES, "appearance.theme", place);
}

function looks(appearance, container) {
  const theme = appearance?.theme || (isDark(container) ? "night" : "stripe");
  return { theme, variables: appearance?.variables || {}, labels: appearance?.labels };
}

// Whether the page around the container is dark, by the colour scheme that it uses there.
function isDark(container) {
  const schemes = getComputedStyle(container).colorScheme.split(" ");
  if (!schemes.includes("dark")) return false;
  return !schemes.includes("light") || window.matchMedia("(prefers-color-scheme: dark)").matches;
}
