// The search: what every candidate gave, and a player that replays it.
const HEIGHTS = C.value.map((v) => (v === null ? null : SIGN * v));
// Best so far after each candidate, as the ledger told it: an index, −1 before the first.
const BEST = (() => { let best = -1; return C.score.map((_, i) => (C.best[i] ? (best = i) : best)); })();
const RANDOM_BEST = (() => { let best = null; return F.random.map((v) => (v === null ? best : (best = best === null ? SIGN * v : Math.max(best, SIGN * v)))); })();

// A network from its input (top) to its output (bottom); `grown` layers of it stand.
function drawNetwork(codes, grown, width) {
  const n = codes.length + 2, pitch = Math.max(22, Math.min(46, 330 / n)), height = n * pitch + 8, box = pitch * 0.72;
  const svg = s("svg", { viewBox: `0 0 ${width} ${height}`, height, role: "img", "aria-label": codes.map(titleOf).join(" › ") });
  const middle = width / 2, most = Math.min(width - 56, 280);
  const largest = Math.max(32, ...F.choices.units.map((u) => u || 0));
  const end = (k, text) => {
    svg.append(s("rect", { class: "fill-wash", x: middle - most * 0.32, y: k * pitch + 4, width: most * 0.64, height: box, rx: 7 }));
    svg.append(s("text", { class: "ink", x: middle, y: k * pitch + 4 + box / 2 + 4, "text-anchor": "middle" }, short(text, Math.floor(most * 0.64 / 7))));
  };
  const wire = (k) => svg.append(s("line", { class: "grid", "stroke-width": 3, x1: middle, x2: middle, y1: (k - 1) * pitch + 4 + box, y2: k * pitch + 4 }));
  end(0, T.a_row);
  codes.slice(0, grown).forEach((code, place) => {
    const k = place + 1, units = code < 0 ? null : F.choices.units[code], y = k * pitch + 4;
    const w = most * (units ? 0.5 + 0.5 * Math.log2(1 + units) / Math.log2(1 + largest) : 0.62);
    wire(k);
    svg.append(s("rect", { class: `k${kindOf(code)}`, x: middle - w / 2, y, width: w, height: box, rx: 7 }));
    svg.append(s("text", { class: "on", x: middle, y: y + box / 2 + 4, "text-anchor": "middle" }, short(titleOf(code), Math.floor(w / 7.2))));
    if (code >= 0 && F.choices.skips[code]) {
      const x = middle + w / 2 + 14, a = y - (pitch - box) / 2, b = y + box + (pitch - box) / 2;
      svg.append(s("path", { class: "line slate", "stroke-width": 2, d: `M${middle} ${a}H${x - 8}Q${x} ${a} ${x} ${a + 8}V${b - 8}Q${x} ${b} ${x - 8} ${b}H${middle}` }));
    }
  });
  if (grown >= codes.length) { wire(n - 1); end(n - 1, F.target); }
  return svg;
}

function thoughtBars(shares, rowOfChosen) {
  return chart((width) => {
    const pitch = 21, names = Math.min(130, width * 0.36), room = width - names - 46;
    const svg = s("svg", { viewBox: `0 0 ${width} ${F.rows.length * pitch}`, height: F.rows.length * pitch, role: "img" });
    F.rows.forEach((row, k) => {
      const y = k * pitch, is = k === rowOfChosen;
      svg.append(s("text", { class: is ? "bold" : "ink", x: 0, y: y + 15 }, short(row.title, Math.floor(names / 6.6))));
      svg.append(s("rect", { class: "fill-wash", x: names, y: y + 4, width: room, height: 13, rx: 3 }));
      if (shares) svg.append(s("rect", { class: `k${row.kind ? ((row.kind - 1) % 6) + 1 : 0}`, x: names, y: y + 4, width: Math.max(1, room * shares[k]), height: 13, rx: 3 }));
      svg.append(s("text", { class: is ? "bold" : "", x: names + room + 6, y: y + 15 }, shares ? percent(shares[k]) : "–"));
    });
    return svg;
  });
}

function learningChart() {
  return chart((width) => {
    const height = Math.max(220, Math.min(300, width * 0.42)), box = [58, 28, width - 10, height - 46], [left, top, right, bottom] = box;
    const svg = s("svg", { viewBox: `0 0 ${width} ${height}`, height, role: "img", "aria-label": T.learning });
    const x = scale([0.5, N + 0.5], [left, right]), y = scale(goodRange(HEIGHTS), [bottom, top]);
    x.ticks = [...new Set([1, ...ticks(1, N).map(Math.round), N])].filter((v) => v >= 1).sort((a, b) => a - b);
    axes(svg, x, y, box, { xTitle: T.networks_in_order, yTitle: t("better_is_up", { metric: F.metric.title }), ySign: SIGN, xFormat: whole });
    const places = HEIGHTS.map((v, i) => [x(i + 1), v === null ? bottom + 8 : y(v)]);
    const r = dotSize(N);
    if (RANDOM_BEST.length) svg.append(s("path", { class: "line dash slate", d: steps(RANDOM_BEST, x, y) }));
    const good = s("path", { class: "dots blue", "stroke-width": r, opacity: 0.55 });
    const later = s("path", { class: "dots blue", "stroke-width": r, opacity: 0.13 });
    const bad = s("path", { class: "badline", fill: "none", "stroke-width": 1.6 });
    const best = s("path", { class: "line goodline" });
    const head = s("line", { class: "axis", y1: top - 6, y2: bottom });
    const now = s("circle", { r: 6, class: "fill-blue", stroke: "var(--card)", "stroke-width": 2 });
    svg.append(later, good, bad, best, head, now);
    const update = (i) => {
      good.setAttribute("d", dots(places.slice(0, i + 1).filter((_, k) => !failed(k))));
      later.setAttribute("d", N <= 4000 ? dots(places.slice(i + 1).filter((_, k) => !failed(k + i + 1))) : "");
      bad.setAttribute("d", crosses(places.slice(0, i + 1).filter((_, k) => failed(k)), Math.max(2, r / 2)));
      best.setAttribute("d", steps(BEST.slice(0, i + 1).map((b) => (b < 0 ? null : HEIGHTS[b])), x, y));
      head.setAttribute("x1", places[i][0]); head.setAttribute("x2", places[i][0]);
      now.setAttribute("cx", places[i][0]); now.setAttribute("cy", places[i][1]);
      now.setAttribute("class", failed(i) ? "fill-bad" : C.best[i] ? "fill-good" : "fill-blue");
    };
    learningChart.update = update;
    update(chosen);
    pointing(svg, [left, top - 6, right, bottom + 16], places, { byX: true });
    return svg;
  });
}
function steps(heights, x, y) {
  let path = "", before = null;
  heights.forEach((v, i) => {
    if (v === null || (v === before && i < heights.length - 1)) return;
    path += before === null ? `M${x(i + 1).toFixed(1)} ${y(v).toFixed(1)}` : `H${x(i + 1).toFixed(1)}V${y(v).toFixed(1)}`;
    before = v;
  });
  return path;
}

function player() {
  const drawn = h("div", {}), thought = h("div", {}), figures = h("div", { class: "figures", "aria-live": "off" });
  const range = h("input", { type: "range", min: 0, max: N - 1, value: 0, "aria-label": T.scrub, oninput: () => { pause(); choose(+range.value); } });
  const play = h("button", { onclick: () => (timer ? pause() : start()) }, "▶ " + T.play);
  const speed = h("select", { "aria-label": T.speed }, [["slow", 1], ["normal", 3], ["quick", 12]].map(([name, n]) => h("option", { value: n, selected: n === 3 }, T[name])));
  let timer = null, grown = Infinity;
  const layers = () => C.codes[chosen].length;
  function show() {
    const i = chosen, place = Math.min(grown, layers()), all = thoughts(i);
    const width = Math.max(180, Math.min(320, drawn.clientWidth || 300));
    drawn.replaceChildren(drawNetwork(C.codes[i], place, width));
    const code = C.codes[i][place];
    const isWhole = grown > layers();
    const shares = isWhole && all.length ? all[0].map((_, row) => all.reduce((sum, one) => sum + one[row], 0) / all.length) : all[place];
    const row = isWhole ? -1 : code === undefined ? 0 : code < 0 ? -1 : F.choices.row[code];
    thought.replaceChildren(
      h("h3", {}, !all.length ? T.no_thoughts : isWhole ? T.thoughts_mean : t("thoughts_at", { n: place + 1 })),
      thoughtBars(shares, row),
      all.length ? h("div", { class: "bar" },
        h("button", { "aria-label": T.fewer, disabled: place === 0 && !isWhole, onclick: () => { pause(); grown = isWhole ? layers() : place - 1; show(); } }, "−"),
        h("span", { class: "small muted" }, isWhole ? T.whole_network : t("layer_of", { n: place, total: layers() })),
        h("button", { "aria-label": T.more, disabled: isWhole, onclick: () => { pause(); grown = place + 1 > Math.min(layers(), all.length - 1) ? Infinity : place + 1; show(); } }, "+")) : "",
    );
    const best = BEST[i];
    figures.replaceChildren(
      figure(T.network_number, t("of", { n: whole(C.number[i] + 1), total: whole(N) })),
      failed(i) ? figure(T.failed, short(C.error[i] || "", 80), "bad") : figure(F.metric.title, number(C.value[i]), C.best[i] ? "good" : "", C.best[i] ? T.record : ""),
      figure(T.best_so_far, best < 0 ? "–" : number(C.value[best])),
      figure(T.parameters, whole(C.parameters[i])),
      figure(T.search_time, duration(C.at[i])),
      figure(T.proposed_by, F.agents[C.agent[i]]),
    );
  }
  const figure = (name, value, style = "", note = "") => h("div", {}, h("span", { class: "small muted" }, name), h("b", { class: style }, value), note && h("span", { class: "small good" }, note));
  function pause() { clearTimeout(timer); timer = null; play.textContent = "▶ " + T.play; }
  function start() {
    if (chosen >= N - 1) choose(0);
    play.textContent = "❚❚ " + T.pause;
    grown = N > 400 ? Infinity : 0;
    step();
  }
  // The network grows layer by layer, then the next one comes; of very many the pace takes some together.
  function step() {
    const perSecond = +speed.value, leap = Math.max(1, Math.round(N / (perSecond * 60)));
    if (grown < layers()) grown += 1;
    else if (grown !== Infinity && leap === 1) grown = Infinity;
    else if (chosen >= N - 1) { pause(); show(); return; }
    else { const next = Math.min(N - 1, chosen + leap); grown = leap > 1 ? Infinity : 0; choosing = true; choose(next); choosing = false; }
    show();
    timer = setTimeout(step, 1000 / perSecond / (leap > 1 ? 1 : 2));
  }
  let choosing = false;
  listeners.push((i) => {
    range.value = i;
    range.setAttribute("aria-valuetext", t("candidate", { n: C.number[i] + 1 }));
    if (!choosing) { grown = Infinity; show(); }
    if (learningChart.update) learningChart.update(i);
  });
  new ResizeObserver(show).observe(drawn);
  const jump = (find) => () => { pause(); choose(find()); };
  const nextBest = () => { for (let i = chosen + 1; i < N; i++) if (C.best[i]) return i; return chosen; };
  return [
    h("div", { class: "bar" }, play,
      h("button", { "aria-label": T.previous, onclick: jump(() => chosen - 1) }, "‹"), range,
      h("button", { "aria-label": T.next, onclick: jump(() => chosen + 1) }, "›"),
      h("button", { onclick: jump(nextBest) }, T.next_record), speed),
    figures,
    h("div", { class: "player" }, h("div", {}, h("h3", {}, T.network), drawn), thought),
    h("h3", {}, T.learning),
    legend(["dot", "blue", T.a_network], ["line", "goodline", T.best_so_far], RANDOM_BEST.length && ["dash", "slate", T.random_best], C.score.includes(null) && ["cross", "badline", T.failed]),
    learningChart(),
  ];
}

function pareto() {
  const known = C.score.map((v, i) => (v === null || !C.parameters[i] ? null : i));
  const list = known.filter((i) => i !== null);
  if (!list.length) return "";
  return [
    legend(["dot", "blue", T.a_network], ["line", "goodline", T.front], F.winner_index !== null && ["dot", "goodline", T.winner]),
    chart((width) => {
      const height = Math.max(230, Math.min(330, width * 0.5)), box = [58, 28, width - 12, height - 46], [left, top, right, bottom] = box;
      const svg = s("svg", { viewBox: `0 0 ${width} ${height}`, height, role: "img", "aria-label": T.pareto });
      const sizes = list.map((i) => C.parameters[i]);
      const x = scale([Math.min(...sizes) / 1.2, Math.max(...sizes) * 1.2], [left, right], true), y = scale(goodRange(HEIGHTS), [bottom, top]);
      axes(svg, x, y, box, { xTitle: T.parameters, yTitle: t("better_is_up", { metric: F.metric.title }), ySign: SIGN });
      const places = known.map((i) => (i === null ? null : [x(C.parameters[i]), y(HEIGHTS[i])]));
      const front = list.filter((i) => C.front[i]).sort((a, b) => C.parameters[a] - C.parameters[b]);
      svg.append(s("path", { class: "dots blue", opacity: 0.5, "stroke-width": dotSize(N), d: dots(list.map((i) => places[i])) }));
      svg.append(s("path", { class: "line goodline", d: polyline(front.map((i) => places[i])) }));
      svg.append(s("path", { class: "dots goodline", "stroke-width": 8, d: dots(front.map((i) => places[i])) }));
      const w = F.winner_index;
      if (w !== null && places[w]) {
        svg.append(s("circle", { class: "line goodline", cx: places[w][0], cy: places[w][1], r: 9 }));
        const isLeft = places[w][0] > (left + right) / 2;
        svg.append(s("text", { class: "bold", x: places[w][0] + (isLeft ? -14 : 14), y: places[w][1] + (places[w][1] > (top + bottom) / 2 ? -14 : 24), "text-anchor": isLeft ? "end" : "start" }, T.winner));
      }
      const now = s("circle", { class: "line axis", r: 6, "stroke-width": 2, visibility: "hidden" });
      svg.append(now);
      pareto.update = (i) => {
        now.setAttribute("visibility", places[i] ? "visible" : "hidden");
        if (places[i]) { now.setAttribute("cx", places[i][0]); now.setAttribute("cy", places[i][1]); }
      };
      pareto.update(chosen);
      pointing(svg, box, places);
      return svg;
    }),
  ];
}
listeners.push((i) => pareto.update && pareto.update(i));

// What the table shows: the ranges brushed on the axes, the words looked for.
const filters = { ranges: new Map(), words: "", state: "all" };
const AXES = [
  { key: "depth", title: T.layers, isCount: true, of: (i) => C.codes[i].length },
  ...F.kinds.slice(1).map((kind, k) => ({ key: kind, title: kind, isCount: true, of: (i) => C.codes[i].filter((code) => code >= 0 && F.choices.kind[code] === k + 1).length })),
  { key: "parameters", title: T.parameters, of: (i) => C.parameters[i] || null, isLog: true },
  { key: "seconds", title: T.seconds_of, of: (i) => C.seconds[i], isLog: true },
  { key: "value", title: F.metric.title, of: (i) => HEIGHTS[i], isValue: true },
];
// Lines that would lie on each other are parted a little; of very many an even sample is drawn.
const spread = (i) => (((i * 0.618) % 1) - 0.5) * 0.24;
const SHOWN = 1500;
const within = (i) => [...filters.ranges].every(([axis, [low, high]]) => { const v = axis.of(i); return v !== null && v >= low && v <= high; });

function parallel(changed) {
  const box = chart((width) => {
    const tight = width < 620, shown = tight ? AXES.filter((a) => ["depth", "parameters", "seconds", "value"].includes(a.key)) : AXES;
    const height = 300, top = 40, bottom = height - 44, left = 34, right = width - 48;
    const svg = s("svg", { viewBox: `0 0 ${width} ${height}`, height, role: "img", "aria-label": T.parallel });
    const axesOf = shown.map((axis, k) => {
      const values = C.score.map((_, i) => axis.of(i)).filter((v) => v !== null && (!axis.isLog || v > 0));
      const range = axis.isValue ? goodRange(HEIGHTS) : [Math.min(...bounds(values)), Math.max(...bounds(values))];
      const y = scale(range, [bottom, top], axis.isLog);
      if (axis.isCount) y.ticks = y.ticks.filter(Number.isInteger);
      return { axis, x: left + ((right - left) * k) / (shown.length - 1), y };
    });
    const path = (i) => polyline(axesOf.map(({ axis, x, y }) => { const v = axis.of(i); return [x, v === null || (axis.isLog && !(v > 0)) ? bottom + 22 : y(axis.isCount && N > 60 ? v + spread(i) : v)]; }));
    const some = C.score.map((_, i) => i).filter((i) => ((i * 2654435761) >>> 0) % Math.ceil(N / SHOWN) === 0 || C.best[i] || i === F.winner_index);
    const order = some.filter((i) => !failed(i)).sort((a, b) => HEIGHTS[a] - HEIGHTS[b]);
    const layer = s("g", {});
    svg.append(layer);
    box.paint = () => {
      layer.replaceChildren();
      const inside = order.filter(within), thin = N > 1000 ? 0.5 : 1.2;
      if (inside.length < order.length) layer.append(s("path", { class: "line slate", "stroke-width": thin, opacity: 0.12, d: order.filter((i) => !within(i)).map(path).join("") }));
      layer.append(s("path", { class: "line badline dash", "stroke-width": thin, opacity: 0.6, d: some.filter((i) => failed(i) && within(i)).map(path).join("") }));
      for (let part = 0; part < 6; part++) {  // the better, the stronger
        const sixth = inside.slice(Math.floor((inside.length * part) / 6), Math.floor((inside.length * (part + 1)) / 6));
        layer.append(s("path", { class: `line ${part === 5 ? "goodline" : "blue"}`, "stroke-width": thin, opacity: part === 5 ? (N > 300 ? 0.45 : 0.85) : 0.1 + 0.07 * part, d: sixth.map(path).join("") }));
      }
      layer.append(s("path", { class: "line axis", "stroke-width": 2.5, d: path(chosen) }));
    };
    axesOf.forEach((one) => {
      svg.append(s("line", { class: "axis", x1: one.x, x2: one.x, y1: top, y2: bottom }));
      const anchor = one === axesOf[0] && tight ? "start" : "middle";
      svg.append(s("text", { class: "ink", x: anchor === "start" ? 0 : one.x, y: top - 18, "text-anchor": anchor }, short(one.axis.title, Math.floor((right - left) / shown.length / 6.6))));
      one.y.ticks.forEach((tick) => svg.append(s("text", { x: one.x + 5, y: one.y(tick) + 4 }, brief(one.axis.isValue ? SIGN * tick + 0 : tick))));
      brushing(svg, one, top, bottom, () => { box.paint(); changed(); });
    });
    if (C.score.includes(null)) svg.append(s("text", { class: "fill-bad", x: right + 8, y: bottom + 26, "text-anchor": "end" }, T.failed));
    box.paint();
    return svg;
  });
  listeners.push(() => box.paint && N <= 5000 && box.paint());
  return box;
}
const bounds = (values) => values.reduce(([a, b], v) => [Math.min(a, v), Math.max(b, v)], [Infinity, -Infinity]).map((v) => (isFinite(v) ? v : 1));

// Drag along an axis to keep a range of it; a click on it clears.
function brushing(svg, { axis, x, y }, top, bottom, changed) {
  const shade = s("rect", { class: "brush", x: x - 9, width: 18, y: 0, height: 0, rx: 4 });
  let from = null;
  const at = (event) => Math.max(top, Math.min(bottom, event.clientY - svg.getBoundingClientRect().top));
  const draw = (a, b) => { shade.setAttribute("y", Math.min(a, b)); shade.setAttribute("height", Math.abs(a - b)); };
  const values = C.score.map((_, i) => axis.of(i)).filter((v) => v !== null && (!axis.isLog || v > 0)).sort((a, b) => a - b);
  const touch = s("rect", {
    class: "touch ns", x: x - 14, y: top - 6, width: 28, height: bottom - top + 12,
    onpointerdown: (event) => { from = at(event); touch.setPointerCapture(event.pointerId); draw(from, from); },
    onpointermove: (event) => { if (from !== null) draw(from, at(event)); },
    onpointerup: (event) => {
      const [a, b] = [from, at(event)].sort((p, q) => p - q);
      from = null;
      if (b - a < 4) { filters.ranges.delete(axis); draw(0, 0); }
      else {
        const kept = values.filter((v) => y(v) >= a - 0.5 && y(v) <= b + 0.5);
        filters.ranges.set(axis, kept.length ? [kept[0], kept[kept.length - 1]] : [Infinity, -Infinity]);
      }
      changed();
    },
  });
  const range = filters.ranges.get(axis);
  if (range && isFinite(range[0])) draw(y(range[0]), y(range[1]));
  svg.append(shade, touch);
}

const PAGE = 25;
const COLUMNS = [
  { key: "number", title: "№", of: (i) => C.number[i] + 1, text: whole, n: true },
  { key: "value", title: F.metric.title, of: (i) => HEIGHTS[i], cell: (i) => (failed(i) ? h("span", { class: "bad" }, T.failed) : h("span", { class: C.best[i] ? "good" : "" }, number(C.value[i]))), n: true },
  { key: "network", title: T.network, of: network, cell: (i) => (failed(i) ? [network(i), h("div", { class: "bad small" }, C.error[i])] : network(i)), wide: true },
  { key: "layers", title: T.layers, of: (i) => C.codes[i].length, text: whole, n: true },
  { key: "parameters", title: T.parameters, of: (i) => C.parameters[i], text: whole, n: true },
  ...(C.longer.some(Boolean) ? [{ key: "longer", title: T.longer, of: (i) => (C.longer[i] && C.longer[i][0] !== null ? SIGN * C.longer[i][0] : null), cell: (i) => (C.longer[i] ? longer(...C.longer[i]) : ""), n: true }] : []),
  { key: "seconds", title: T.seconds_of, of: (i) => C.seconds[i], text: number, n: true },
  { key: "round", title: T.round, of: (i) => C.round[i], text: whole, n: true },
  { key: "agent", title: T.proposed_by, of: (i) => F.agents[C.agent[i]] },
];
function longer(value, epochs, share, folds) {
  return [value === null ? T.failed : number(value), h("div", { class: "muted small" }, t("longer_how", { epochs: whole(epochs), share: percent(share), folds: whole(folds) }))];
}
function candidates() {
  let sorted = { column: COLUMNS[0], up: true }, page = 0, rows = [];
  const body = h("tbody", {}), said = h("span", { class: "small muted" });
  const heads = COLUMNS.map((column) => h("th", { class: column.n ? "n" : "" }, h("button", { onclick: () => sort(column) }, column.title)));
  const back = h("button", { onclick: () => turn(-1), "aria-label": T.page_back }, "‹"), forth = h("button", { onclick: () => turn(1), "aria-label": T.page_forth }, "›");
  const lookFor = h("input", { type: "search", placeholder: T.look_for, "aria-label": T.look_for, oninput: () => { filters.words = lookFor.value.toLowerCase(); refresh(); } });
  const state = h("select", { "aria-label": T.show, onchange: () => { filters.state = state.value; refresh(); } }, ["all", "records", "failed", "front"].map((name) => h("option", { value: name }, T["show_" + name])));
  const states = { all: () => true, records: (i) => C.best[i], failed, front: (i) => C.front[i] };
  function sort(column) {
    sorted = { column, up: sorted.column === column ? !sorted.up : column.key !== "value" };
    refresh();
  }
  function refresh() {
    const words = filters.words.split(/\s+/).filter(Boolean);
    rows = C.score.map((_, i) => i).filter((i) => states[filters.state](i) && within(i) && words.every((word) => (network(i) + " " + (C.error[i] || "")).toLowerCase().includes(word)));
    const keys = new Map(rows.map((i) => [i, sorted.column.of(i)])), turned = sorted.up ? 1 : -1;
    rows.sort((a, b) => {
      const [x, y] = [keys.get(a), keys.get(b)];
      if (x === null || y === null) return (x === null) - (y === null);
      return turned * (x < y ? -1 : x > y ? 1 : 0) || a - b;
    });
    page = 0;
    heads.forEach((head, k) => (COLUMNS[k] === sorted.column ? head.setAttribute("aria-sort", sorted.up ? "ascending" : "descending") : head.removeAttribute("aria-sort")));
    turn(0);
  }
  function turn(by) {
    const last = Math.max(0, Math.ceil(rows.length / PAGE) - 1);
    page = Math.max(0, Math.min(last, page + by));
    back.disabled = page === 0; forth.disabled = page === last;
    said.textContent = rows.length ? t("rows_of", { from: whole(page * PAGE + 1), to: whole(Math.min(rows.length, (page + 1) * PAGE)), n: whole(rows.length) }) : T.none;
    body.replaceChildren(...rows.slice(page * PAGE, (page + 1) * PAGE).map((i) => h("tr", { class: "click" + (i === chosen ? " now" : ""), onclick: () => { choose(i); document.getElementById("search").scrollIntoView({ behavior: "smooth" }); } },
      COLUMNS.map((column) => h("td", { class: column.n ? "n" : column.wide ? "wide" : "" }, column.cell ? column.cell(i) : (column.text || String)(column.of(i)))))));
  }
  refresh();
  listeners.push(() => turn(0));
  return { refresh, element: [h("div", { class: "bar" }, lookFor, state), h("div", { class: "scroll" }, h("table", {}, h("thead", {}, h("tr", {}, heads)), body)), h("div", { class: "bar" }, back, said, forth)] };
}
