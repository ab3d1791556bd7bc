// The characters of the page for which no font has a glyph: drawn, they are the same box as a code point that nobody has assigned.
(() => {
  const canvas = document.createElement("canvas"), at = canvas.getContext("2d", { willReadFrequently: true });
  canvas.width = canvas.height = 40;
  const drawn = (text, font) => {
    at.clearRect(0, 0, 40, 40);
    at.font = font;
    at.fillText(text, 8, 28);
    return at.getImageData(0, 0, 40, 40).data.join();
  };
  const letters = new Map();
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const e = walk.currentNode.parentElement;
    if (["SCRIPT", "STYLE", "TITLE", "DESC"].includes(e.tagName.toUpperCase())) continue;
    const family = getComputedStyle(e).fontFamily, known = letters.get(family) || new Set();
    for (const c of walk.currentNode.data) if (c > "~" && !/[\p{Z}\p{Cc}\p{Cf}\p{M}]/u.test(c)) known.add(c);
    letters.set(family, known);
  }
  const missing = [];
  for (const [family, known] of letters) {
    const font = `20px ${family}`, boxes = ["\u0378", "\u{10FFFD}", "\uE37A"].map((c) => drawn(c, font));
    for (const c of known) if (boxes.includes(drawn(c, font))) missing.push(`U+${c.codePointAt(0).toString(16)} in ${family}`);
  }
  return missing;
})()
