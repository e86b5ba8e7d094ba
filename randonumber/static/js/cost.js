// <form data-cost="1"> (credits for one number): the cost and the button follow the number that is typed.

export function liveCosts() {
  for (const form of document.querySelectorAll("form[data-cost]")) {
    const count = form.elements.n;
    const update = () => show(form, Number(count.value));
    count.addEventListener("input", update);
    update();
  }
}

function show(form, count) {
  const fits = Number.isInteger(count) && count >= 1 && count <= 10000;
  const cost = fits ? words(count * Number(form.dataset.cost), "credit") : "–";
  form.querySelector("[data-cost-shown]").textContent = cost;
  const button = form.querySelector("button[type=submit]");
  if (fits && button && !button.dataset.idle) button.textContent = `Draw ${count.toLocaleString("en")} for ${cost}`;
}

function words(count, unit) {
  return `${count.toLocaleString("en")} ${unit}${count === 1 ? "" : "s"}`;
}
