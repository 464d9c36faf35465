import { colour, h, hideTip, showTip } from "./dom.js";
import { has, t } from "./texts.js";
import { brief, number, short, whole } from "./format.js";
import { drawing, goodRange, ticks } from "./chart.js";

const PAGE = 25, DRAWN = 2000;
const kindTitle = (kind) => (has(`kind_${kind}`) ? t(`kind_${kind}`) : kind);

// All networks of a search to sort and to filter, beside two pictures of them: what they cost, and what they are made of.
export function leaderboard() {
  let all = [], space = null, rows = [], front = new Set(), sort = { key: "value", up: false }, page = 0;
  const filter = { words: "", kind: "", state: "all", most: Infinity, ranges: new Map() };
  const tried = h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": t("leaderboard") }), said = h("span", { class: "muted small", role: "status" });
  const words = h("input", { type: "search", placeholder: t("look_for_layers"), "aria-label": t("look_for_layers"), oninput: () => { filter.words = words.value.toLowerCase(); refresh(); } });
  const kinds = h("select", { "aria-label": t("with_layer"), onchange: () => { filter.kind = kinds.value; refresh(); } });
  const states = h("select", { "aria-label": t("state"), onchange: () => { filter.state = states.value; refresh(); } }, ["all", "records", "on_front", "failures"].map((name) => h("option", { value: name }, t(name))));
  const most = h("input", { type: "number", min: 1, step: 1, class: "narrow", id: "most-parameters", oninput: () => { filter.most = most.value ? +most.value : Infinity; refresh(); } });
  const clear = h("button", { hidden: true, onclick: () => { filter.ranges.clear(); refresh(); } }, t("clear_ranges"));
  const back = h("button", { "aria-label": t("previous_page"), onclick: () => turn(-1) }, "‹"), forth = h("button", { "aria-label": t("next_page"), onclick: () => turn(1) }, "›");
  const sizes = pareto(), ways = parallel();
  const box = h("div", {},
    h("div", { class: "two" },
      h("section", {}, h("h2", {}, t("pareto")), h("p", { class: "muted small" }, t("pareto_hint")), sizes.box),
      h("section", {}, h("h2", {}, t("parallel")), h("p", { class: "muted small" }, t("parallel_hint")), ways.box)),
    h("section", {}, h("div", { class: "top" }, h("h2", {}, t("leaderboard")), said),
      h("div", { class: "bar" }, words, kinds, states, h("label", { class: "small", for: "most-parameters" }, t("at_most_parameters")), most, clear), tried,
      h("div", { class: "bar end" }, back, forth)));

  const title = (one) => one.codes.map((code) => (space.choices[code] || { title: "?" }).title).join(" › ");
  const sign = () => (space.metric.higher_is_better ? 1 : -1);
  const columns = [
    { key: "number", title: () => "#", of: (one) => one.number, cell: (one) => whole(one.number + 1), n: true, up: true },
    { key: "value", title: () => space.metric.title, of: (one) => (one.score === null ? null : sign() * one.value), cell: (one) => (one.score === null ? h("span", { class: "bad" }, t("failed")) : h("b", { class: one.isRecord ? "good" : "" }, number(one.value))), n: true },
    { key: "layers", title: () => t("layers"), of: (one) => one.codes.length, cell: (one) => [title(one) || "–", one.error ? h("span", { class: "block bad small" }, short(one.error, 160)) : ""], up: true },
    { key: "parameters", title: () => t("parameters"), of: (one) => one.parameters, cell: (one) => whole(one.parameters), n: true, up: true },
    { key: "seconds", title: () => t("seconds"), of: (one) => one.seconds, cell: (one) => brief(one.seconds), n: true, up: true },
    { key: "agent", title: () => t("proposed_by"), of: (one) => one.agent, cell: (one) => one.agent, up: true },
  ];
  const tests = { all: () => true, records: (one) => one.isRecord, on_front: (one) => front.has(one), failures: (one) => one.score === null };
  const kindsOf = (one) => one.codes.map((code) => (space.choices[code] || {}).kind);
  function keeps(one) {
    const text = filter.words && `${title(one)} ${one.error || ""} ${one.agent}`.toLowerCase();
    return tests[filter.state](one) && one.parameters <= filter.most && (!filter.kind || kindsOf(one).includes(filter.kind)) && (!text || filter.words.split(/\s+/).every((word) => text.includes(word))) && ways.keeps(one, filter.ranges);
  }
  function refresh(isLive) {
    if (!space) return;
    front = frontOf(all);
    const column = columns.find((one) => one.key === sort.key), turned = sort.up ? 1 : -1;
    rows = all.filter(keeps);
    const keys = new Map(rows.map((one) => [one, column.of(one)]));
    rows.sort((a, b) => { const x = keys.get(a), y = keys.get(b); return x === null || y === null ? (x === null) - (y === null) : turned * (x < y ? -1 : x > y ? 1 : 0) || a.number - b.number; });
    clear.hidden = !filter.ranges.size;
    const kept = new Set(rows);
    sizes.update(all, kept, front, space, title);
    ways.update(all, kept, space, filter.ranges, refresh);
    if (isLive !== true) page = 0;
    if (isLive !== true || tried === document.activeElement || !tried.contains(document.activeElement)) turn(0);  // what has the focus is not taken away
  }
  function turn(by) {
    const last = Math.max(0, Math.ceil(rows.length / PAGE) - 1);
    page = Math.max(0, Math.min(last, page + by));
    back.disabled = !page; forth.disabled = page === last;
    said.textContent = rows.length ? t("of_total", { from: whole(page * PAGE + 1), to: whole(Math.min(rows.length, (page + 1) * PAGE)), total: whole(rows.length) }) : t("none_such");
    tried.replaceChildren(h("table", {}, h("thead", {}, h("tr", {}, columns.map(head))), h("tbody", {}, rows.slice(page * PAGE, (page + 1) * PAGE).map((one) => h("tr", { class: front.has(one) ? "record" : "" }, columns.map((column) => h("td", { class: column.n ? "n" : "" }, column.cell(one))))))));
  }
  const head = (column) => h("th", { class: column.n ? "n" : "", "aria-sort": sort.key === column.key ? (sort.up ? "ascending" : "descending") : null },
    h("button", { class: "sort", onclick: () => { sort = { key: column.key, up: sort.key === column.key ? !sort.up : Boolean(column.up) }; refresh(); tried.querySelector(`th:nth-child(${columns.indexOf(column) + 1}) button`).focus(); } }, column.title(), sort.key === column.key ? (sort.up ? " ▲" : " ▼") : ""));
  function update(found, said_) {
    all = found;
    if (space !== said_) {
      const isNew = !space || space.choices.length !== said_.choices.length;
      space = said_;
      if (isNew) kinds.replaceChildren(h("option", { value: "" }, t("any_layer")), ...[...new Set(space.choices.map((choice) => choice.kind))].filter((kind) => kind !== "stop").map((kind) => h("option", { value: kind }, kindTitle(kind))));
    }
    refresh(true);
  }
  return { box, update };
}

// Those than which no other is both better and smaller.
function frontOf(all) {
  const found = new Set(), ranked = all.filter((one) => one.score !== null).sort((a, b) => a.parameters - b.parameters || b.score - a.score);
  let best = -Infinity;
  for (const one of ranked) if (one.score > best) { best = one.score; found.add(one); }
  return found;
}
const logOf = (x) => Math.log10(Math.max(1e-9, x));
const place = (x, low, high) => (high > low ? Math.max(0, Math.min(1, (x - low) / (high - low))) : 0.5);

function pareto() {
  let draw = () => {}, places = [];
  const picture = drawing(t("pareto"), (width) => Math.max(230, Math.min(330, width * 0.6)), (...all) => draw(...all));
  function update(all, kept, front, space, title) {
    const known = all.filter((one) => one.score !== null && one.parameters > 0);
    draw = (pen, width, height) => {
      const [left, top, right, bottom] = [54, 12, width - 12, height - 34], sizes = known.map((one) => logOf(one.parameters));
      const [least, most] = [Math.min(...bounds(sizes)), Math.max(...bounds(sizes))], isHigher = space.metric.higher_is_better, [low, high] = goodRange([{ values: known.map((one) => one.value) }], isHigher);
      const x = (one) => left + (right - left) * place(logOf(one.parameters), least, most), y = (value) => { const share = place(value, low, high); return bottom - (bottom - top) * (isHigher ? share : 1 - share); };
      pen.textAlign = "right";
      for (const tick of ticks(low, high)) { pen.strokeStyle = colour("faint"); pen.fillStyle = colour("muted"); pen.beginPath(); pen.moveTo(left, y(tick)); pen.lineTo(right, y(tick)); pen.stroke(); pen.fillText(brief(tick), left - 8, y(tick) + 4); }
      pen.textAlign = "center";
      for (let power = Math.floor(least); power <= most; power++) for (const part of most - least < 2 ? [1, 2, 5] : [1]) { const at = logOf(part * 10 ** power); if (at >= least && at <= most) pen.fillText(brief(part * 10 ** power), left + (right - left) * place(at, least, most), bottom + 16); }
      pen.textAlign = "right";
      pen.fillText(t("parameters"), right, bottom + 31);
      places = known.map((one) => ({ one, x: x(one), y: y(one.value) }));
      const r = known.length > 2000 ? 1.6 : 3;
      for (const is of [false, true]) { pen.fillStyle = colour(is ? "blue" : "slate"); pen.globalAlpha = is ? 0.6 : 0.18; for (const at of places) if (kept.has(at.one) === is) pen.fillRect(at.x - r, at.y - r, 2 * r, 2 * r); }
      pen.globalAlpha = 1;
      pen.strokeStyle = pen.fillStyle = colour("good");
      pen.lineWidth = 2;
      pen.beginPath();
      const best = places.filter((at) => front.has(at.one)).sort((a, b) => a.x - b.x);
      best.forEach((at, k) => (k ? pen.lineTo(at.x, at.y) : pen.moveTo(at.x, at.y)));
      pen.stroke();
      for (const at of best) { pen.beginPath(); pen.arc(at.x, at.y, 4.5, 0, 7); pen.fill(); }
    };
    picture.canvas.onpointermove = (event) => {
      const edge = picture.canvas.getBoundingClientRect(), far = (at) => (at.x - event.clientX + edge.left) ** 2 + (at.y - event.clientY + edge.top) ** 2;
      const nearest = places.reduce((best, at) => (best === null || far(at) < far(best) ? at : best), null);
      if (nearest && far(nearest) < 400) showTip(event.clientX, event.clientY, [`${t("network")} ${whole(nearest.one.number + 1)}`, title(nearest.one), `${space.metric.title} ${number(nearest.one.value)}`, t("n_parameters", { n: whole(nearest.one.parameters) })].join("\n")); else hideTip();
    };
    picture.canvas.onpointerleave = hideTip;
    picture.redraw();
  }
  return { box: picture.box, update };
}
const bounds = (values) => values.reduce(([a, b], v) => [Math.min(a, v), Math.max(b, v)], values.length ? [Infinity, -Infinity] : [0, 1]);

// A line a network through an axis a property; dragging along an axis keeps a range of it.
function parallel() {
  let axes = [], all = [], kept = new Set(), ranges = new Map(), changed = () => {}, from = null;
  const picture = drawing(t("parallel"), (width) => Math.max(230, Math.min(330, width * 0.6)), draw);
  const edges = (height) => [40, height - 20];
  function axesOf(found, space) {
    const count = (kind) => (one) => one.codes.filter((code) => (space.choices[code] || {}).kind === kind).length;
    const kinds = [...new Set(space.choices.map((choice) => choice.kind))].filter((kind) => kind !== "stop");
    const listed = [{ key: "layers", title: t("layers"), of: (one) => one.codes.length },
      ...(innerWidth < 620 ? [] : kinds).map((kind) => ({ key: kind, title: kindTitle(kind), of: count(kind) })),
      { key: "parameters", title: t("parameters"), of: (one) => logOf(one.parameters), isLog: true },
      { key: "value", title: space.metric.title, of: (one) => one.value, isValue: true }];
    const known = found.filter((one) => one.score !== null);
    return listed.map((axis) => {
      const values = known.map(axis.of), [a, b] = axis.isValue ? goodRange([{ values }], space.metric.higher_is_better) : bounds(values);
      return { ...axis, low: a, high: b, isTurned: axis.isValue && !space.metric.higher_is_better };
    }).filter((axis) => axis.isValue || axis.isLog || axis.high > axis.low).slice(-8);
  }
  const yOf = (axis, one, height) => { const [top, bottom] = edges(height), share = place(axis.of(one), axis.low, axis.high); return bottom - (bottom - top) * (axis.isTurned ? 1 - share : share); };
  const xOf = (k, width) => 30 + (width - 64) * k / Math.max(1, axes.length - 1);
  function draw(pen, width, height) {
    const known = all.filter((one) => one.score !== null), every = Math.max(1, Math.ceil(known.length / DRAWN)), [top, bottom] = edges(height);
    for (const is of [false, true]) {
      pen.strokeStyle = colour(is ? "blue" : "slate");
      pen.globalAlpha = is ? Math.max(0.12, Math.min(0.5, 60 / Math.max(1, kept.size))) : 0.06;
      pen.beginPath();
      known.forEach((one, i) => { if (i % every || kept.has(one) !== is) return; const apart = (((i * 0.618) % 1) - 0.5) * 6; axes.forEach((axis, k) => (k ? pen.lineTo : pen.moveTo).call(pen, xOf(k, width), yOf(axis, one, height) + (axis.isLog || axis.isValue ? 0 : apart))); });
      pen.stroke();
    }
    const best = known.reduce((a, b) => (a === null || b.score > a.score ? b : a), null);
    pen.globalAlpha = 1;
    if (best) { pen.strokeStyle = colour("good"); pen.lineWidth = 2.5; pen.beginPath(); axes.forEach((axis, k) => (k ? pen.lineTo : pen.moveTo).call(pen, xOf(k, width), yOf(axis, best, height))); pen.stroke(); pen.lineWidth = 1; }
    axes.forEach((axis, k) => {
      const x = xOf(k, width), show = (value) => brief(axis.isLog ? Math.round(10 ** value) : value);
      pen.strokeStyle = colour("slate"); pen.beginPath(); pen.moveTo(x, top); pen.lineTo(x, bottom); pen.stroke();
      pen.fillStyle = colour("ink"); pen.textAlign = k === 0 ? "left" : k === axes.length - 1 ? "right" : "center";
      pen.fillText(short(axis.title, Math.max(5, Math.floor(width / axes.length / 7))), k === 0 ? 4 : k === axes.length - 1 ? width - 2 : x, 12);
      pen.fillStyle = colour("muted"); pen.textAlign = "center";
      pen.fillText(show(axis.isTurned ? axis.low : axis.high), x, top - 3);
      pen.fillText(show(axis.isTurned ? axis.high : axis.low), x, bottom + 14);
      const range = ranges.get(axis.key);
      if (range) { const [a, b] = range.map((share) => bottom - (bottom - top) * share); pen.globalAlpha = 0.3; pen.fillStyle = colour("blue"); pen.fillRect(x - 8, Math.min(a, b), 16, Math.abs(a - b)); pen.globalAlpha = 1; }
    });
  }
  const shareAt = (event) => { const edge = picture.canvas.getBoundingClientRect(), [top, bottom] = edges(edge.height); return Math.max(0, Math.min(1, (bottom - (event.clientY - edge.top)) / (bottom - top))); };
  picture.canvas.onpointerdown = (event) => {
    const edge = picture.canvas.getBoundingClientRect(), px = event.clientX - edge.left;
    const k = axes.findIndex((_, at) => Math.abs(xOf(at, edge.width) - px) < 18);
    if (k < 0) return;
    from = { axis: axes[k], share: shareAt(event) };
    picture.canvas.setPointerCapture(event.pointerId);
  };
  picture.canvas.onpointermove = (event) => { if (from) { ranges.set(from.axis.key, [from.share, shareAt(event)].sort((a, b) => a - b)); picture.redraw(); } };
  picture.canvas.onpointerup = () => {
    if (!from) return;
    const range = ranges.get(from.axis.key);
    if (!range || range[1] - range[0] < 0.02) ranges.delete(from.axis.key);
    from = null;
    changed();
  };
  function keeps(one, asked) {
    if (!asked.size) return true;
    if (one.score === null) return false;
    return axes.every((axis) => { const range = asked.get(axis.key), share = place(axis.of(one), axis.low, axis.high), up = axis.isTurned ? 1 - share : share; return !range || (up >= range[0] - 0.01 && up <= range[1] + 0.01); });
  }
  function update(found, left, space, asked, act) {
    [all, kept, ranges, changed] = [found, left, asked, act];
    axes = axesOf(found, space);
    picture.redraw();
  }
  return { box: picture.box, update, keeps };
}
