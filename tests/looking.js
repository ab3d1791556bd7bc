// What is wrong with the page as it is laid out now: a list of sentences, empty where nothing is.
(() => {
  const wrong = [], root = document.documentElement, width = root.clientWidth;
  const say = (e) => `<${e.tagName.toLowerCase()}${e.id ? "#" + e.id : ""}> “${e.textContent.trim().replace(/\s+/g, " ").slice(0, 40)}”`;
  const seen = (e) => e.checkVisibility() && e.getBoundingClientRect().width > 0;
  const scrolls = (e) => e && e !== document.body && (["auto", "scroll", "hidden"].includes(getComputedStyle(e).overflowX) || scrolls(e.parentElement));
  if (root.scrollWidth > width) {
    const wide = [...document.body.querySelectorAll("*")].filter((e) => seen(e) && e.getBoundingClientRect().right > width + 1 && !scrolls(e));
    wrong.push(`the page is ${root.scrollWidth} wide in a window of ${width}: ${wide.slice(-3).map(say).join(", ")}`);
  }
  // Letters reach from the top of an accent to the foot of a g; the boxes of text are a little higher than that.
  const box = (e, high) => {
    const r = e.getBoundingClientRect(), cut = r.height * high;
    return { e, left: r.left, right: r.right, top: r.top + cut, bottom: r.bottom - cut };
  };
  const meet = (a, b) => Math.min(a.right, b.right) - Math.max(a.left, b.left) > 1 && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 1;
  const overlaps = (boxes) => boxes.forEach((a, k) => boxes.slice(k + 1).forEach((b) => meet(a, b) && wrong.push(`${say(a.e)} and ${say(b.e)} overlap`)));
  for (const svg of document.querySelectorAll("svg")) {
    if (!seen(svg)) continue;
    const texts = [...svg.querySelectorAll("text")].filter((e) => e.textContent.trim() && seen(e)).map((e) => box(e, 0.15));
    const paper = svg.getBoundingClientRect();
    overlaps(texts);
    for (const t of texts) {
      const out = Math.max(paper.left - t.left, t.right - paper.right, paper.top - t.top, t.bottom - paper.bottom);
      if (out > 1) wrong.push(`${say(t.e)} leaves its picture`);
      if ((t.bottom - t.top) / 0.7 / 1.2 < 9.5) wrong.push(`${say(t.e)} is too small to read`);
    }
  }
  // In a derivation a formula is its own box, and keeps a distance from what stands above it.
  for (const line of document.querySelectorAll(".line")) {
    if (!seen(line)) continue;
    const parts = [...line.querySelectorAll(":scope > .number, :scope > .sides > *, :scope > .why")].filter((e) => e.textContent.trim());
    const drawn = parts.map((e) => (!e.matches(".why") && e.querySelector("math")) || e);
    overlaps(drawn.map((e) => ({ ...box(e, 0), bottom: e.getBoundingClientRect().bottom + 2 })));
  }
  return wrong;
})()
