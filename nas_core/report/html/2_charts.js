// Charts: small SVG drawn anew whenever their place gets another width.
function chart(draw) {
  const box = h("div", { class: "chart" });
  let width = 0;
  box.redraw = () => { if (width) box.replaceChildren(draw(width)); };
  new ResizeObserver(([entry]) => {
    const now = Math.round(entry.contentRect.width);
    if (now && now !== width) { width = now; box.redraw(); }
  }).observe(box);
  return box;
}

function scale([low, high], [from, to], isLog) {
  const f = isLog ? Math.log10 : (x) => x;
  const [a, b] = [f(low), f(high)];
  const of = (x) => from + (to - from) * Math.max(0, Math.min(1, b === a ? 0.5 : (f(x) - a) / (b - a)));
  of.ticks = isLog ? logTicks(low, high) : ticks(low, high);
  return of;
}
function ticks(low, high, n = 4) {
  if (!(high > low)) return [low];
  const power = 10 ** Math.floor(Math.log10((high - low) / n));
  const count = (step) => Math.floor(high / step + 1e-9) - Math.ceil(low / step - 1e-9) + 1;
  const step = [10, 5, 2, 1].map((f) => f * power).find((f) => count(f) >= 3) || power;
  const found = [];
  for (let k = Math.ceil(low / step - 1e-9); k * step <= high * (1 + Math.sign(high) * 1e-9) + 1e-12; k++) found.push(+(k * step).toPrecision(10));
  return found;
}
function logTicks(low, high) {
  const found = [];
  for (let p = Math.floor(Math.log10(low)); p <= Math.ceil(Math.log10(high)); p++) for (const f of high / low > 300 ? [1] : [1, 3]) if (f * 10 ** p >= low && f * 10 ** p <= high) found.push(f * 10 ** p);
  return found;
}
const brief = (x) => format(x, Math.abs(x) >= 10000 ? { notation: "compact", maximumSignificantDigits: 3 } : { maximumSignificantDigits: 4 });

// Axes of a chart: `x` and `y` are scales, the labels stand outside of the plot.
function axes(svg, x, y, [left, top, right, bottom], { xTitle, yTitle, xFormat = brief, yFormat = brief, ySign = 1 }) {
  for (const tick of y ? y.ticks : []) {
    svg.append(s("line", { class: "grid", x1: left, x2: right, y1: y(tick), y2: y(tick) }));
    svg.append(s("text", { x: left - 7, y: y(tick) + 4, "text-anchor": "end" }, yFormat(ySign * tick + 0)));
  }
  let free = -Infinity;
  for (const tick of x ? x.ticks : []) {
    const text = xFormat(tick);
    if (x(tick) - 4 * text.length < free) continue;
    svg.append(s("text", { x: Math.min(x(tick), right + 6 - 3.4 * text.length), y: bottom + 17, "text-anchor": "middle" }, text));
    free = x(tick) + 4 * text.length + 8;
  }
  svg.append(s("line", { class: "axis", x1: left, x2: right, y1: bottom, y2: bottom }));
  if (xTitle) svg.append(s("text", { x: right, y: bottom + 34, "text-anchor": "end" }, xTitle));
  if (yTitle) svg.append(s("text", { x: 2, y: top - 12 }, yTitle));
}
const dots = (points) => points.map(([x, y]) => `M${x.toFixed(1)} ${y.toFixed(1)}h0`).join("");
const crosses = (points, r) => points.map(([x, y]) => `M${(x - r).toFixed(1)} ${(y - r).toFixed(1)}l${2 * r} ${2 * r}m0 ${-2 * r}l${-2 * r} ${2 * r}`).join("");
const polyline = (points) => points.map(([x, y], k) => `${k ? "L" : "M"}${x.toFixed(1)} ${y.toFixed(1)}`).join("");
const dotSize = (n) => (n <= 300 ? 7 : n <= 2000 ? 5 : 3);

// The range of figures (turned so that higher is better) with all but the lowest tenth, which lies on the edge.
function goodRange(heights) {
  const sorted = heights.filter((v) => v !== null).sort((a, b) => a - b);
  if (!sorted.length) return [0, 1];
  const low = sorted[Math.floor(sorted.length / 10)], high = sorted[sorted.length - 1];
  const span = Math.max(high - low, 0.05 * Math.abs(high), 1e-9);
  return [low - 0.08 * span, high + 0.08 * span];
}

// Point at the nearest of `places` ([x, y] or null by index): a tip, and at a click the candidate.
function pointing(svg, box, places, { byX = false, onpick = choose, text = describe } = {}) {
  const mark = s("circle", { class: "slate", r: 6, fill: "none", "stroke-width": 2, visibility: "hidden" });
  const nearest = (event) => {
    const edge = svg.getBoundingClientRect(), x = event.clientX - edge.left, y = event.clientY - edge.top;
    let best = -1, least = byX ? Infinity : 900;
    places.forEach((place, i) => {
      if (!place) return;
      const d = (place[0] - x) ** 2 + (byX ? 0.02 : 1) * (place[1] - y) ** 2;
      if (d < least) [best, least] = [i, d];
    });
    return best;
  };
  const [left, top, right, bottom] = box;
  svg.append(mark, s("rect", {
    class: "touch", x: left, y: top, width: Math.max(0, right - left), height: bottom - top,
    onpointermove: (event) => {
      const i = nearest(event);
      if (i < 0) { mark.setAttribute("visibility", "hidden"); return hideTip(); }
      mark.setAttribute("cx", places[i][0]); mark.setAttribute("cy", places[i][1]); mark.setAttribute("visibility", "visible");
      showTip(event, text(i));
    },
    onpointerleave: () => { mark.setAttribute("visibility", "hidden"); hideTip(); },
    onclick: (event) => { const i = nearest(event); if (i >= 0) onpick(i); },
  }));
}

function legend(...entries) {
  const marks = {
    dot: (c) => s("path", { class: `dots ${c}`, "stroke-width": 8, d: "M11 6h0" }),
    line: (c) => s("path", { class: `line ${c}`, d: "M1 6h20" }),
    dash: (c) => s("path", { class: `line dash ${c}`, d: "M1 6h20" }),
    cross: (c) => s("path", { class: `line ${c}`, d: crosses([[11, 6]], 4) }),
  };
  return h("div", { class: "legend" }, entries.filter(Boolean).map(([mark, colour, text]) => h("span", {}, s("svg", { viewBox: "0 0 22 12" }, marks[mark](colour)), text)));
}

// Bars that lie: rows are {title, value, note, style, low, high}.
function bars(rows, { label = number, left = null, width: most = Infinity } = {}) {
  return chart((full) => {
    const width = Math.min(full, most), names = left ?? Math.min(200, width * 0.42), pitch = 30;
    const svg = s("svg", { viewBox: `0 0 ${full} ${rows.length * pitch + 4}`, height: rows.length * pitch + 4, role: "img" });
    const largest = Math.max(...rows.map((row) => Math.max(row.value ?? 0, row.high ?? 0)), 1e-12);
    const room = width - names - 78;
    rows.forEach((row, k) => {
      const y = k * pitch + 4, end = names + Math.max(2, room * Math.max(0, row.value ?? 0) / largest);
      svg.append(s("text", { class: row.bold ? "bold" : "ink", x: 0, y: y + 16 }, s("title", {}, row.title), short(row.title, Math.floor(names / 7))));
      svg.append(s("rect", { class: row.style || "fill-blue", x: names, y: y + 3, width: end - names, height: 18, rx: 4 }));
      if (row.low !== undefined && row.low !== null) {
        const [a, b] = [row.low, row.high].map((v) => names + room * Math.max(0, v) / largest);
        svg.append(s("path", { class: "line axis", d: `M${a} ${y + 12}H${b}M${a} ${y + 8}v8M${b} ${y + 8}v8`, "stroke-width": 1.5 }));
      }
      svg.append(s("text", { class: row.bold ? "bold" : "ink", x: Math.max(end, row.high ? names + room * row.high / largest : 0) + 8, y: y + 17 }, label(row.value)));
    });
    return svg;
  });
}

function lines(series, { xTitle, yTitle, height = 220, from0 = false, isShare = false }) {
  return chart((width) => {
    const box = [54, 26, width - 8, height - 42], [left, top, right, bottom] = box;
    const svg = s("svg", { viewBox: `0 0 ${width} ${height}`, height, role: "img" });
    const all = series.flatMap((one) => one.points), ys = all.map((p) => p[1]).sort((a, b) => a - b);
    const high = ys[Math.floor(0.98 * (ys.length - 1))], low = from0 ? 0 : ys[0];
    const x = scale([Math.min(...all.map((p) => p[0])), Math.max(...all.map((p) => p[0]))], [left, right]);
    const y = scale(isShare ? [0, 1] : [low - 0.04 * (high - low), high + 0.04 * (high - low || 1)], [bottom, top]);
    axes(svg, x, y, box, { xTitle, yTitle, ...(isShare ? { yFormat: percent } : {}) });
    series.forEach((one) => svg.append(s("path", { class: `line ${one.style}`, d: polyline(one.points.map((p) => [x(p[0]), y(p[1])])) })));
    return svg;
  });
}

function histogram(edges, counts, { height = 200, xTitle = "" } = {}) {
  return chart((width) => {
    const box = [40, 14, width - 8, height - 42], [left, top, right, bottom] = box;
    const svg = s("svg", { viewBox: `0 0 ${width} ${height}`, height, role: "img" });
    const x = scale([edges[0], edges[edges.length - 1]], [left, right]), y = scale([0, Math.max(...counts, 1)], [bottom, top]);
    axes(svg, x, y, box, { xTitle });
    counts.forEach((n, k) => svg.append(s("rect", { class: "fill-blue", x: x(edges[k]) + 0.5, y: y(n), width: Math.max(1, x(edges[k + 1]) - x(edges[k]) - 1), height: bottom - y(n) }, s("title", {}, `${brief(edges[k])} … ${brief(edges[k + 1])}: ${whole(n)}`))));
    return svg;
  });
}

function spark(counts) {
  const most = Math.max(...counts, 1), w = 90 / counts.length;
  return s("svg", { viewBox: "0 0 90 20", width: 90, height: 20, "aria-hidden": "true" }, counts.map((n, k) => s("rect", { class: "fill-blue", x: k * w, width: Math.max(0.5, w - 0.6), y: 20 - 19 * n / most, height: 19 * n / most })));
}
