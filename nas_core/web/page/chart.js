import { colour, h, hideTip, s, showTip } from "./dom.js";
import { brief } from "./format.js";

export function ticks(low, high, n = 4) {
  if (!(high > low)) return [low];
  const power = 10 ** Math.floor(Math.log10((high - low) / n));
  const step = [1, 2, 5, 10].map((f) => f * power).find((f) => f >= (high - low) / n);
  const found = [];
  for (let k = Math.ceil(low / step - 1e-9); k * step <= high + 1e-12; k++) found.push(+(k * step).toPrecision(10));
  return found;
}

// The best value after each of `values` (null: failed).
export function records(values, isHigher) {
  let best = null;
  return values.map((value) => { if (value !== null && (best === null || (isHigher ? value > best : value < best))) best = value; return best; });
}

// A canvas as wide as its place: `draw(pen, width, height)` is called when something changed, at most once a frame.
export function drawing(label, heightOf, draw) {
  const canvas = h("canvas", { role: "img", "aria-label": label, tabindex: 0 }), box = h("div", { class: "canvas" }, canvas);
  let wanted = false;
  function paint() {
    const width = box.clientWidth, height = heightOf(width), scale = devicePixelRatio || 1;
    if (!width) return;
    if (canvas.width !== Math.round(width * scale)) { canvas.width = Math.round(width * scale); canvas.height = Math.round(height * scale); canvas.style.height = `${height}px`; }
    const pen = canvas.getContext("2d");
    pen.setTransform(scale, 0, 0, scale, 0, 0);
    pen.clearRect(0, 0, width, height);
    pen.font = "12px system-ui, sans-serif";
    pen.lineWidth = 1;
    draw(pen, width, height);
  }
  const redraw = () => { if (!wanted) { wanted = true; requestAnimationFrame(() => { wanted = false; paint(); }); } };
  new ResizeObserver(redraw).observe(box);
  document.addEventListener("look", redraw);
  return { box, canvas, redraw };
}

// Curves of a search on a canvas: 10,000 dots are drawn within a frame, and only when something changed.
// `series`: [{values, colour, dots, dashed}], values in the metric, null for failed ones.
export function searchChart(label, describe) {
  let series = [], isHigher = true, places = [];
  const { box, canvas, redraw } = drawing(label, (width) => Math.max(220, Math.min(340, width * 0.42)), draw);

  function draw(pen, width, height) {
    const [left, top, right, bottom] = [54, 14, width - 14, height - 30], n = Math.max(10, ...series.map((one) => one.values.length));
    const [low, high] = goodRange(series, isHigher);
    const x = (k) => left + (right - left) * (n > 1 ? k / (n - 1) : 0.5);
    const y = (value) => { const share = (value - low) / (high - low || 1), up = isHigher ? share : 1 - share; return bottom - (bottom - top) * Math.max(0, Math.min(1, up)); };
    pen.textAlign = "right";
    for (const tick of ticks(low, high)) {
      pen.strokeStyle = colour("faint"); pen.fillStyle = colour("muted");
      pen.beginPath(); pen.moveTo(left, y(tick)); pen.lineTo(right, y(tick)); pen.stroke();
      pen.fillText(brief(tick), left - 8, y(tick) + 4);
    }
    pen.textAlign = "center";
    for (const tick of ticks(1, n, 6).filter(Number.isInteger)) pen.fillText(brief(tick), x(tick - 1), bottom + 19);
    places = [];
    for (const one of series) {
      if (one.dots) dots(pen, one, x, y, bottom);
      line(pen, one, x, y);
    }
  }
  function dots(pen, one, x, y, bottom) {
    const r = one.values.length > 4000 ? 1.5 : one.values.length > 800 ? 2.2 : 3.2;
    pen.fillStyle = colour("blue");
    pen.globalAlpha = one.values.length > 2000 ? 0.3 : 0.5;
    one.values.forEach((value, k) => { if (value !== null) { places[k] = [x(k), y(value)]; pen.fillRect(x(k) - r, y(value) - r, 2 * r, 2 * r); } });
    pen.globalAlpha = 0.8;
    pen.strokeStyle = colour("bad");
    pen.lineWidth = 1.3;
    pen.beginPath();
    one.values.forEach((value, k) => { if (value === null) { const a = x(k), b = bottom + 5; places[k] = [a, b]; pen.moveTo(a - 2.5, b - 2.5); pen.lineTo(a + 2.5, b + 2.5); pen.moveTo(a + 2.5, b - 2.5); pen.lineTo(a - 2.5, b + 2.5); } });
    pen.stroke();
    pen.globalAlpha = 1;
  }
  function line(pen, one, x, y) {
    const best = records(one.values, isHigher);
    pen.strokeStyle = colour(one.colour);
    pen.lineWidth = one.dashed ? 1.8 : 2.6;
    pen.setLineDash(one.dashed ? [5, 4] : []);
    pen.lineJoin = "round";
    pen.beginPath();
    let before = null;
    best.forEach((value, k) => {
      if (value === null || (value === before && k < best.length - 1)) return;
      if (before === null) pen.moveTo(x(k), y(value)); else { pen.lineTo(x(k), y(before)); pen.lineTo(x(k), y(value)); }
      before = value;
    });
    pen.stroke();
    pen.setLineDash([]);
  }
  canvas.onpointermove = (event) => {
    if (!describe) return;
    const edge = canvas.getBoundingClientRect(), [px, py] = [event.clientX - edge.left, event.clientY - edge.top];
    let nearest = -1, least = 400;
    places.forEach((place, k) => { const far = place && ((place[0] - px) ** 2 + (place[1] - py) ** 2); if (place && far < least) { least = far; nearest = k; } });
    if (nearest >= 0) showTip(event.clientX, event.clientY, describe(nearest)); else hideTip();
  };
  canvas.onpointerleave = hideTip;
  box.update = (found, higherIsBetter, text) => { series = found; isHigher = higherIsBetter; if (text) canvas.setAttribute("aria-label", text); redraw(); };
  return box;
}

// All values but the worst tenth, which lies on the edge.
export function goodRange(series, isHigher) {
  const sorted = series.flatMap((one) => one.values).filter((value) => value !== null).sort((a, b) => (isHigher ? b - a : a - b));
  if (!sorted.length) return [0, 1];
  const best = sorted[0], worst = sorted[Math.max(0, Math.ceil(sorted.length * 0.9) - 1)], pad = Math.abs(best - worst) * 0.06 || Math.abs(best) * 0.05 || 0.5;
  return isHigher ? [worst, best + pad] : [best - pad, worst];
}

// Horizontal bars: [{title, value, text, kind}], value from 0 to 1.
export function bars(rows) {
  return h("div", { class: "bars" }, rows.map((row) => {
    const fill = h("span", { class: `fill ${row.kind || ""}` });
    fill.style.width = `${Math.max(0.4, 100 * Math.max(0, Math.min(1, row.value)))}%`;
    return h("div", { class: "barrow" }, h("span", { class: "bartitle", title: row.title }, row.title), h("span", { class: "track" }, fill), h("span", { class: "bartext" }, row.text));
  }));
}

const KINDS = ["dense", "residual", "dropout", "normalization"];
export const kindClass = (kind) => `k${(KINDS.indexOf(kind) + 1 || 5)}`;

// A network as blocks, the input below: [{title, kind, units, note}].
export function diagram(layers, input, output) {
  const widest = Math.max(16, ...layers.map((layer) => layer.units || 0)), height = 30, gap = 10, width = 300;
  const all = [{ title: input, end: true }, ...layers, { title: output, end: true }];
  const total = all.length * (height + gap);
  let units = widest;
  const blocks = all.map((layer, k) => {
    units = layer.units || units;
    const share = layer.end ? 0.5 : 0.42 + 0.5 * Math.log(1 + units) / Math.log(1 + widest);
    const w = width * Math.min(0.94, share), x = (width - w) / 2, y = total - (k + 1) * (height + gap) + gap / 2;
    return s("g", { class: "block" },
      k ? s("path", { class: "thin", d: `M${width / 2} ${y + height + gap}v${-gap}` }) : "",
      s("rect", { x, y, width: w, height, rx: 7, class: layer.end ? "end" : kindClass(layer.kind) }),
      s("text", { x: width / 2, y: y + 20, "text-anchor": "middle", class: layer.end ? "ink" : "on" }, layer.title));
  });
  return s("svg", { viewBox: `0 0 ${width} ${total}`, class: "diagram", role: "img", "aria-label": all.map((layer) => layer.title).join(" › ") }, blocks);
}
