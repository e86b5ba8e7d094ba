// What a page must keep for everybody who reads it otherwise than by eye and mouse. Returns what is wrong.
() => {
  const wrong = [];
  const all = (selector) => [...document.querySelectorAll(selector)];
  const name = (element) =>
    (element.getAttribute("aria-label") || element.textContent || element.querySelector("img")?.alt || "").trim();
  const show = (element) => element.outerHTML.slice(0, 120);

  if (!document.title.trim()) wrong.push("no title");
  if (!document.documentElement.lang) wrong.push("no language");
  for (const one of ["h1", "main"])
    if (all(one).length !== 1) wrong.push(`${all(one).length} times <${one}>`);

  let level = 1;
  for (const heading of all("h1, h2, h3, h4, h5, h6")) {
    const next = Number(heading.tagName[1]);
    if (next > level + 1) wrong.push(`a heading skips a level: ${show(heading)}`);
    level = next;
  }

  const ids = all("[id]").map((element) => element.id);
  for (const id of new Set(ids.filter((id, index) => ids.indexOf(id) !== index))) wrong.push(`id twice: ${id}`);

  for (const field of all("input:not([type=hidden], [hidden]), select, textarea"))
    if (!field.labels.length && !field.getAttribute("aria-label")) wrong.push(`no label: ${show(field)}`);
  for (const element of all("button, a[href]")) if (!name(element)) wrong.push(`no name: ${show(element)}`);
  for (const image of all("img:not([alt])")) wrong.push(`no alt: ${show(image)}`);
  for (const element of all("[aria-describedby], [aria-labelledby], [aria-controls]"))
    for (const kind of ["aria-describedby", "aria-labelledby", "aria-controls"])
      for (const id of (element.getAttribute(kind) || "").split(/\s+/).filter(Boolean))
        if (!document.getElementById(id)) wrong.push(`${kind} leads nowhere: ${show(element)}`);
  for (const element of all("[tabindex]"))
    if (element.tabIndex > 0) wrong.push(`jumps the order: ${show(element)}`);
  for (const table of all("table")) if (!table.querySelector("th")) wrong.push(`no head: ${show(table)}`);
  for (const list of all("ul, ol"))
    for (const child of list.children) if (child.tagName !== "LI") wrong.push(`no item: ${show(child)}`);

  // Contrast of words on their ground: 4.5, or 3 when they are large (WCAG 2.2, 1.4.3).
  const parse = (color) => {
    const [r, g, b, a = 1] = color.match(/[\d.]+/g).map(Number);
    return { r, g, b, a };
  };
  const light = ({ r, g, b }) => {
    const part = (value) => {
      const share = value / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    };
    return 0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b);
  };
  const ground = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const color = parse(getComputedStyle(at).backgroundColor);
      if (color.a === 1) return color;
    }
    return { r: 255, g: 255, b: 255 };
  };
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const seen = new Set();
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || seen.has(element) || !element.checkVisibility()) continue;
    seen.add(element);
    if (element.closest(".visually-hidden, noscript, script, [aria-hidden=true]")) continue;
    const style = getComputedStyle(element);
    const size = parseFloat(style.fontSize);
    const large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
    const [a, b] = [light(parse(style.color)), light(ground(element))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < (large ? 3 : 4.5)) wrong.push(`contrast ${ratio.toFixed(2)}: ${show(element)}`);
  }

  const width = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth > width)
    wrong.push(`wider than the screen: ${document.documentElement.scrollWidth} of ${width}`);
  return wrong;
};
