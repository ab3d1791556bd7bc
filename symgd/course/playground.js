"use strict";
// The playground: a rate, a start and a number of steps in; a path, a line, a curve, a sentence and numbers out.
//
// The loss is L = least + s (e² + v dw²): dw, db are the distances from the lowest point, e = mean dw + db that of the mean prediction, mean and v the mean
// and the variance of the feature, s = 1 or ½.  Along its two axes (μ the second derivative there divided by 2s) k steps multiply a distance by (1 − q)ᵏ
// with q = α 2s μ; at the bound α = 2/λmax the steeper one has q = 2.  So nothing is iterated, and nothing is lost in large numbers.

const given = JSON.parse(document.getElementById("given").textContent);
const part = (id) => document.getElementById(id);

// ------------------------------------------------------------------------------------------------ mathematics

/** a·b, where nothing times infinity is nothing. */
const times = (a, b) => (a === 0 || b === 0 ? 0 : a * b);

/** The loss over one form of the feature: its two axes, the steeper first, and the bound. */
function bowl(form) {
  const { mean, variance } = form, p = mean * mean + variance;
  const steep = (p + 1 + Math.hypot(p - 1, 2 * mean)) / 2;
  const flat = variance / steep; // their product is the determinant
  const turn = Math.atan2(2 * mean, p - 1) / 2, c = Math.cos(turn), s = Math.sin(turn);
  return { axes: [{ mu: steep, w: c, b: s, e: steep * s }, { mu: flat, w: -s, b: c, e: flat * c }], bound: 1 / (given.scale * steep) };
}

/** What is left to go along each axis at the start (w, b), and q of each at `share` of the bound. */
function journey(form, share, w, b) {
  const dw = w - form.w, db = b - form.b, { axes, bound } = bowl(form);
  const ways = axes.map((axis) => ({ ...axis, left: axis.w * dw + axis.b * db, q: 2 * share * (axis.mu / axes[0].mu) }));
  return { form, ways, bound, rate: share * bound, share };
}

/** (1 − q)ᵏ */
function shrunk(q, k) {
  if (k === 0) return 1;
  if (q === 1) return 0;
  return Math.exp(k * (q < 1 ? Math.log1p(-q) : Math.log(q - 1))) * (q > 1 && k % 2 ? -1 : 1);
}

/** Where the descent is after k steps: the parameters, the loss, its excess over the least, e and dw. */
function after(trip, k) {
  let dw = 0, db = 0, e = 0, gap = 0;
  for (const way of trip.ways) {
    const now = times(way.left, shrunk(way.q, k));
    dw += times(way.w, now);
    db += times(way.b, now);
    e += times(way.e, now);
    gap += given.scale * way.mu * now * now;
  }
  return { k, w: trip.form.w + dw, b: trip.form.b + db, dw, e, gap, loss: given.least + gap };
}

/** The first step from which on the line is the best one as far as the eye tells; Infinity where there is none below 2⁵³. */
function needed(trip) {
  const near = (k) => after(trip, k).gap <= given.scale * given.near * given.near;
  let high = 1;
  while (!near(high)) {
    if (high >= 2 ** 52) return Infinity;
    high *= 2;
  }
  let low = 0;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (near(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** What becomes of the descent: its kind, the steps needed, and by how much its largest swing grows a step. */
function verdict(form, share, w, b, steps) {
  const trip = journey(form, share, w, b), moving = trip.ways.filter((way) => way.left !== 0);
  const q = Math.max(0, ...moving.map((way) => way.q)), grows = Math.abs(1 - q);
  if (moving.length === 0) return { kind: "stays", needs: 0, grows };
  if (q > 2) return { kind: "diverges", needs: Infinity, grows };
  if (q === 2) return { kind: "swings", needs: Infinity, grows };
  const needs = needed(trip);
  if (needs === 0) return { kind: "near", needs, grows };
  if (q > 1) return { kind: needs <= steps ? "overshoots" : "overshoots, not there", needs, grows };
  return { kind: needs <= steps ? "settles" : "creeps", needs, grows };
}

// ------------------------------------------------------------------------------------------------ words

const trimmed = (text) => (text.includes(".") ? text.replace(/\.?0+$/, "") : text);
const count = (n) => n.toLocaleString("en-US");

/** The value to so many significant digits: 0.02387, −12.5, 21,762, 1.2 × 10⁻⁵. */
function number(value, digits = 4) {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? "not a number" : value > 0 ? "∞" : "−∞";
  const [mantissa, power] = value.toExponential(digits - 1).split("e").map((t, k) => (k ? Number(t) : t));
  const plain = power >= -4 && power < Math.max(6, digits);
  const apart = (t) => (power < 4 ? t : t.replace(/\d+/, (whole) => whole.replace(/\d(?=(\d{3})+$)/g, "$&,")));
  const text = plain ? apart(trimmed(Number(value.toPrecision(digits)).toFixed(Math.max(0, digits - 1 - power)))) : `${trimmed(mantissa)} × 10${raised(power)}`;
  return text.replace("-", "−").replace(/^−0$/, "0");
}

/** The same for a voice: × and raised digits in words. */
const RAISED = "⁻⁰¹²³⁴⁵⁶⁷⁸⁹", LEVEL = "-0123456789";
const raised = (n) => String(n).replace(/[-0-9]/g, (c) => RAISED[LEVEL.indexOf(c)]);
const lowered = (n) => [...n].map((c) => LEVEL[RAISED.indexOf(c)]).join("");
const spoken = (text) => text.replace(/ × 10([⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+)/g, (_, power) => ` times ten to the ${lowered(power)}`)
  .replace("2/λmax", "2 over lambda max").replace("×", "times").replace(/−/g, "minus ");

const steps = (k) => (k === 1 ? "one step" : k < 1e6 ? `${count(k)} steps` : `${number(k, 3)} steps`);

function sentence(found, trip, most) {
  const bound = `the bound 2/λmax = ${number(trip.bound)}`;
  const need = found.needs === Infinity ? "more than 10¹⁵ steps are needed" : `about ${steps(found.needs)} are needed`;
  switch (found.kind) {
    case "stays":
    case "near":
      return "The start is the best line already, as far as the eye tells: there is nowhere to go.";
    case "diverges":
      return `It overshoots and never settles: it diverges. The rate is ${number(trip.share, 3)} times ${bound}; ` +
        `every step lands ${number(found.grows, 3)} times as far away, on the other side.`;
    case "swings":
      return `It swings for ever: exactly at ${bound}, every step lands as far away as before, on the other side.`;
    case "overshoots":
      return `It overshoots, each time by less, and settles after ${steps(found.needs)}.`;
    case "overshoots, not there":
      return `It overshoots, each time by less, and is not there after ${steps(most)}: ${need}.`;
    case "settles":
      return `It settles after ${steps(found.needs)}.`;
    default:
      return `It creeps: not there after ${steps(most)}; ${need}.`;
  }
}

// ------------------------------------------------------------------------------------------------ drawing

const scaled = ([low, high, start, end], value) => start + ((value - low) / (high - low)) * (end - start);

/** The steps that are drawn: all of a few; of many the first, then pairs of neighbours farther and farther apart, so that a swing stays one. */
function drawn(last) {
  const chosen = [];
  for (let k = 0; k <= last; k += k < 200 ? 1 : Math.ceil(k / 60)) chosen.push(k, ...(k >= 200 && k < last ? [k + 1] : []));
  if (chosen[chosen.length - 1] !== last) chosen.push(last);
  return chosen;
}

/** Points as far as they can be seen: the first that is far outside is drawn nearer, in its direction, and is the last. */
function seen(points) {
  const kept = [];
  for (const [x, y] of points) {
    const far = Math.max(Math.abs(x), Math.abs(y)) / 5000;
    if (!(far > 1)) kept.push([x, y]);
    else {
      const [a, b] = kept[kept.length - 1] || [0, 0], reach = Number.isFinite(far) ? 1 / far : 0;
      if (reach > 0) kept.push([a + (x - a) * reach, b + (y - b) * reach]);
      break;
    }
  }
  return kept;
}

const line = (points) => "M" + points.map(([x, y]) => `${x.toFixed(2)} ${y.toFixed(2)}`).join("L");

function shape(tag, attributes, text = "") {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.textContent = text;
  return made;
}

const stroke = (colour, width) => ({ class: colour, fill: "none", "stroke-width": width, "stroke-linejoin": "round" });
const dots = (points, size) => shape("path", {
  ...stroke("orange", size), "stroke-linecap": "round", d: points.map(([x, y]) => `M${x.toFixed(2)} ${y.toFixed(2)}h0`).join("") });
const square = ([x, y]) => shape("rect", { fill: "currentColor", x: x - 5, y: y - 5, width: 10, height: 10 });
const inside = ([x, y]) => Math.abs(x) < 5000 && Math.abs(y) < 5000;

function drawPath(trip, ways, here) {
  const { x, y } = trip.form.plot, at = (p) => [scaled(x, p.w), scaled(y, p.b)], way = seen(ways.map(at));
  const group = part(`${trip.form.name}-way`);
  group.replaceChildren(
    shape("path", { ...stroke("orange", way.length < 60 ? 2.5 : 1.5), d: line(way) }), dots(way.slice(1, 60), 7),
    shape("circle", { fill: "currentColor", cx: way[0][0], cy: way[0][1], r: 5 }), ...(inside(at(here)) ? [square(at(here))] : []));
}

function drawLine(trip, here) {
  const { x, y } = given.scatter, { best } = given;
  const over = (v) => best.y + best.w * (v - best.x) + times(here.dw, (v - best.x) / trip.form.unit) + here.e;
  const ends = [x[0], x[1]].map((v) => [scaled(x, v), scaled(y, over(v))]);
  part("scatter-line").replaceChildren(...(ends.every(([, v]) => Math.abs(v) < 1e6) ? [shape("path", { ...stroke("orange", 3.5), d: line(ends) })] : []));
}

function drawCurve(trip, ways, here, most) {
  const { x, y } = given.curve, first = after(trip, 0).gap;
  const height = (gap) => scaled(y, Math.log10(Math.max(gap / first, 1e-300))), at = (p) => [scaled(x, p.k / most), height(p.gap)];
  const curve = first > 0 ? seen(ways.map(at)) : [], goal = height(given.scale * given.near * given.near);
  const level = first > 0 ? [shape("path", { ...stroke("green", 2), "stroke-dasharray": "7 4", d: line([[x[2], goal], [x[3], goal]]) })] : [];
  part("curve-way").replaceChildren(...level, ...(curve.length ? [shape("path", { ...stroke("orange", 2.5), d: line(curve) })] : []),
    ...(curve.length && curve.length <= 60 ? [dots(curve, 6)] : []), ...(first > 0 && inside(at(here)) ? [square(at(here))] : []));
  const low = given.curve.foot;
  part("curve-steps").replaceChildren(...[0, 0.2, 0.4, 0.6, 0.8, 1].map((t) => shape("text", {
    x: scaled(x, t), y: low, "text-anchor": t === 1 ? "end" : "middle", "font-size": 16, fill: "currentColor" }, count(Math.round(t * most)))));
}

// ------------------------------------------------------------------------------------------------ the page

const state = { form: 0, share: 0.5, w: 0, b: 0, most: 50, step: 50 };
let announce = 0, playing = 0;

/** Slider position → share of the bound: 0 is exactly the bound, PER_DECADE positions a factor of ten, the last one is 3. */
const PER_DECADE = 50, LAST = 24;
const shareAt = (position) => (position >= LAST ? 3 : 10 ** (position / PER_DECADE));

function best(form) {
  const [steep, flat] = bowl(form).axes;
  return 1 / (1 + flat.mu / steep.mu);
}

function choose(share) {
  state.share = share;
  part("rate").value = Math.round(PER_DECADE * Math.log10(share));
}

function follow() {
  const form = given.forms[state.form], trip = journey(form, state.share, state.w, state.b);
  const found = verdict(form, state.share, state.w, state.b, state.most), said = sentence(found, trip, state.most);
  const here = after(trip, state.step), ways = drawn(state.most).map((k) => after(trip, k)), start = ways[0], { names } = given;
  drawPath(trip, ways, here);
  drawLine(trip, here);
  drawCurve(trip, ways, here, state.most);
  const tell = (id, text) => {
    part(id).setAttribute("aria-valuetext", spoken(text));
    part(`${id}-shown`).textContent = text;
  };
  const share = number(state.share, 3), beside = state.share < 1 ? "just below the bound" : "just above the bound";
  const multiple = state.share === 1 ? "exactly the bound" : share === "1" ? beside : `${share} × the bound`;
  tell("rate", `${number(trip.rate)}, ${multiple}`);
  tell("w", number(state.w));
  tell("b", number(state.b));
  tell("step", `${count(state.step)} of ${count(state.most)}`);
  part("verdict").textContent = said;
  part("verdict").dataset.kind = found.kind;
  const shown = { "at-step": count(here.k), "at-w": number(here.w, 6), "at-b": number(here.b, 6), "at-loss": number(here.loss, 6), "at-gap": number(here.gap) };
  for (const [id, text] of Object.entries(shown)) part(id).textContent = text;
  const spot = `${names.w} = ${shown["at-w"]}, ${names.b} = ${shown["at-b"]}`;
  part(`${form.name}-desc`).textContent = `Contours of the loss, lowest at ${names.w} = ${number(form.w)}, ${names.b} = ${number(form.b)}. ` +
    `The path starts at ${names.w} = ${number(state.w)}, ${names.b} = ${number(state.b)} and is at ${spot} after ${steps(here.k)}. ${said}`;
  part("scatter-desc").textContent = `The data, the best line, and the line after ${steps(here.k)}: ${spot}.`;
  part("curve-desc").textContent = `How far the loss lies above its least value, on a logarithmic axis: ${number(start.gap)} at the start, ` +
    `${number(here.gap)} after ${steps(here.k)}.`;
  clearTimeout(announce);
  announce = setTimeout(() => { part("announced").textContent = spoken(said); }, 700);
}

function halt() {
  clearInterval(playing);
  playing = 0;
  part("play").textContent = "Play the steps";
}

function play() {
  if (playing) return halt();
  if (state.step >= state.most) go(0);
  part("play").textContent = "Pause";
  const stride = Math.max(1, Math.round(state.most / 60));
  playing = setInterval(() => {
    go(Math.min(state.most, state.step + stride));
    if (state.step >= state.most) halt();
  }, 120);
}

function go(step) {
  state.step = step;
  part("step").value = step;
  follow();
}

/** The sliders of the start for this form of the feature: whole positions times a round step. */
function turn(form) {
  state.form = form;
  for (const letter of ["w", "b"]) {
    const [low, high] = given.forms[form].start[letter];
    Object.assign(part(letter), { min: low, max: high, step: 1, value: 0 });
    state[letter] = 0;
  }
  given.forms.forEach((other, k) => {
    for (const shown of document.querySelectorAll(`[data-form="${other.name}"]`)) shown.hidden = k !== form;
  });
}

function wire() {
  const on = (id, does) => part(id).addEventListener("input", () => { halt(); does(Number(part(id).value)); follow(); });
  on("rate", (v) => { state.share = shareAt(v); });
  for (const letter of ["w", "b"]) on(letter, (v) => { state[letter] = Number((v * given.forms[state.form].start[letter][2]).toPrecision(12)); });
  on("most", (v) => {
    state.most = state.step = v;
    Object.assign(part("step"), { max: v, value: v });
  });
  part("step").addEventListener("input", () => { halt(); go(Number(part("step").value)); });
  given.forms.forEach((form, k) => part(`form-${form.name}`).addEventListener("change", () => { halt(); turn(k); follow(); }));
  for (const button of document.querySelectorAll("[data-share]")) {
    button.addEventListener("click", () => { halt(); choose(Number(button.dataset.share) || best(given.forms[state.form])); go(state.most); });
  }
  part("play").addEventListener("click", play);
  const calm = matchMedia("(prefers-reduced-motion: reduce)"), obey = () => { halt(); part("play").hidden = calm.matches; };
  calm.addEventListener("change", obey);
  obey();
}

wire();
turn(given.forms.length - 1);
choose(0.1);
go(state.most);
clearTimeout(announce); // nothing has changed yet
part("still").hidden = true;
part("alive").hidden = false;
