// The result, the data, the training, and how to do it again.
function section(id, title, lead, ...content) {
  return h("section", { id, "aria-labelledby": id + "-title" }, h("h2", { id: id + "-title" }, title), lead && h("p", { class: "muted" }, lead), content);
}
function table(columns, rows, style = "") {
  const right = (k) => (columns[k].n ? "n" : columns[k].style || "");
  return h("div", { class: "scroll" }, h("table", { class: style },
    h("thead", {}, h("tr", {}, columns.map((c, k) => h("th", { class: right(k) }, c.title)))),
    h("tbody", {}, rows.map((row) => h("tr", {}, row.map((cell, k) => h("td", { class: right(k) }, cell)))))));
}
const columns = (...names) => names.map((name) => (name.endsWith("#") ? { title: name.slice(0, -1), n: true } : { title: name }));

function summary() {
  const outcomes = F.test.verdicts.filter((v) => v.rival !== "random").map((v) => v.outcome);
  const worst = ["worse", "equal", "unproven", "better"].find((o) => outcomes.includes(o)) || "equal";
  const unit = F.metric.unit ? ` (${F.metric.unit})` : "";
  const rows = [{ title: T.the_network, value: F.test.value, bold: true, low: F.test.low, high: F.test.high }, ...F.test.verdicts.map((v) => ({ title: v.title, value: v.value, style: "fill-slate" }))];
  return h("section", { id: "summary" },
    h("p", { class: "band " + worst }, F.headline),
    h("div", { class: "hero" },
      h("div", {}, h("div", { class: "muted" }, t("on_unseen_rows", { metric: F.metric.title + unit })), h("div", { class: "big" }, number(F.test.value)),
        h("div", { class: "small muted" }, Object.entries(F.test.figures).filter(([name]) => name !== F.metric.name && F.metrics[name]).map(([name, v]) => `${F.metrics[name].title} ${number(v)}`).join("  ·  "))),
      h("div", {}, h("div", { class: "small muted" }, F.metric.higher_is_better ? T.longer_is_better : T.shorter_is_better), bars(rows))),
    h("ul", {}, F.test.verdicts.map((v) => h("li", {}, v.text))),
    h("div", { class: "cards" }, [
      [T.time_in_all, duration(F.seconds.total), t("of_it_searching", { time: duration(F.search_seconds) })],
      [T.networks_tried, whole(N), t("n_failed", { n: whole(F.n_failed) })],
      [T.winners_size, whole(F.winner.parameters), F.winner.n_copies > 1 ? t("parameters_times", { n: F.winner.n_copies }) : T.parameters_unit],
      [T.test_rows, whole(F.data.n_rows.test || 0), t("rows_learned", { n: whole(F.data.n_rows.train || 0) })],
    ].map(([name, value, note]) => h("div", {}, h("span", { class: "small muted" }, name), h("b", {}, value), h("span", { class: "small muted" }, note)))),
    h("div", { class: "two" },
      h("div", {}, h("h3", {}, T.watch_out), F.notes.length ? h("ul", {}, F.notes.slice(0, 8).map((note) => h("li", {}, rich(note)))) : h("p", {}, T.nothing_found)),
      h("div", {}, h("h3", {}, T.what_next), h("ul", {}, F.next.map((text) => h("li", {}, rich(text)))))),
  );
}

function dataSection() {
  const names = { train: T.rows_train, valid: T.rows_valid, test: T.rows_test };
  const rows = Object.entries(F.data.n_rows).map(([part, n]) => `${names[part] || part} ${whole(n)}`).join(", ");
  const shown = F.data.columns.slice(0, 300);
  const distribution = (c) => (c.histogram && c.histogram.counts.length ? spark(c.histogram.counts) : (c.top || []).slice(0, 3).map((v) => `${short(String(v.value), 18)} (${whole(v.count)})`).join(", "));
  return section("data", T.data, `${F.dataset}: ${t("n_columns", { n: whole(F.data.columns.length) })}; ${rows}`,
    h("h3", {}, T.problems),
    F.data.checks.length ? table(columns(T.column, T.found, T.done), F.data.checks.slice(0, 200).map((c) => [c.column || T.whole_table, h("span", { class: c.severity === "info" ? "" : "bad" }, rich(c.message)), rich(c.action || "")])) : h("p", {}, T.nothing_found),
    h("details", { open: shown.length <= 12 }, h("summary", {}, T.profile),
      table(columns(T.column, T.role, T.type, T.missing + "#", T.distinct + "#", T.mean + "#", T.tells + "#", T.distribution),
        shown.map((c) => [c.name, T["role_" + c.role] || c.role, T["type_" + c.type] || c.type, c.n_missing && F.data.n_profiled ? percent(c.n_missing / F.data.n_profiled) : "0", c.n_distinct === undefined ? "" : whole(c.n_distinct), c.mean === undefined ? "" : number(c.mean), c.association === undefined || c.association === null ? "" : percent(c.association), distribution(c)])),
      F.data.columns.length > shown.length && h("p", { class: "muted" }, t("first_of", { n: shown.length, total: whole(F.data.columns.length) }))));
}

function confusion(about) {
  const most = Math.max(...about.matrix.flat(), 1), sums = about.matrix.map((row) => row.reduce((a, b) => a + b, 0));
  const grid = h("table", { class: "heat" },
    h("thead", {}, h("tr", {}, h("th", {}, T.truth_prediction), about.labels.map((label) => h("th", {}, short(label, 18))))),
    h("tbody", {}, about.matrix.map((row, r) => h("tr", {}, h("th", {}, short(about.labels[r], 18)), row.map((n, c) => {
      const cell = h("td", { title: `${about.labels[r]} → ${about.labels[c]}: ${n}` }, whole(n), h("div", { class: "small" }, sums[r] ? percent(n / sums[r]) : ""));
      const share = sums[r] ? n / sums[r] : 0;
      cell.style.background = `color-mix(in srgb, var(${r === c ? "--good" : "--bad"}) ${Math.round(70 * share)}%, var(--card))`;
      return cell;
    })))));
  return [h("h3", {}, T.confusion), h("div", { class: "scroll" }, grid), about.n_left_out > 0 && h("p", { class: "muted" }, t("classes_left_out", { n: about.n_left_out })),
    h("h3", {}, T.classes),
    table(columns(T.class, T.precision + "#", T.recall + "#", "F1#", T.rows + "#"), about.per_class.map((c) => [c.name, ...[c.precision, c.recall, c.f1].map((v) => (v === null ? "–" : percent(v))), whole(c.n_rows)]))];
}
function calibration(bins) {
  return [h("h3", {}, T.calibration), h("p", { class: "small muted" }, T.calibration_lead), chart((full) => {
    const width = Math.min(full, 380), height = width * 0.8, box = [46, 14, width - 10, height - 42], [left, top, right, bottom] = box;
    const svg = s("svg", { viewBox: `0 0 ${full} ${height}`, height, role: "img" });
    const low = Math.min(...bins.map((b) => Math.min(b.from, b.accuracy)));
    const x = scale([low, 1], [left, right]), y = scale([low, 1], [bottom, top]);
    axes(svg, x, y, box, { xTitle: T.sure, xFormat: percent, yFormat: percent });
    svg.append(s("path", { class: "line dash slate", d: `M${x(low)} ${y(low)}L${x(1)} ${y(1)}` }));
    svg.append(s("path", { class: "line blue", d: polyline(bins.map((b) => [x(b.confidence), y(b.accuracy)])) }));
    bins.forEach((b) => svg.append(s("circle", { class: "fill-blue", cx: x(b.confidence), cy: y(b.accuracy), r: 3 + 7 * Math.sqrt(b.count / Math.max(...bins.map((o) => o.count))) }, s("title", {}, `${percent(b.confidence)} → ${percent(b.accuracy)} (${whole(b.count)})`))));
    return svg;
  })];
}
function residuals(about) {
  const edges = about.edges;
  return [h("div", { class: "two" },
    h("div", {}, h("h3", {}, T.residuals), histogram(edges, about.counts, { xTitle: t("error_in", { unit: F.metric.unit || F.target }) })),
    h("div", {}, h("h3", {}, T.prediction_truth), chart((width) => {
      const height = 260, box = [58, 14, width - 10, height - 42], [left, top, right, bottom] = box;
      const svg = s("svg", { viewBox: `0 0 ${width} ${height}`, height, role: "img" });
      const range = bounds(about.points.flat()), x = scale(range, [left, right]), y = scale(range, [bottom, top]);
      axes(svg, x, y, box, { xTitle: T.truth });
      svg.append(s("path", { class: "line dash slate", d: `M${left} ${bottom}L${right} ${top}` }));
      svg.append(s("path", { class: "dots blue", "stroke-width": 4, opacity: 0.45, d: dots(about.points.map(([a, b]) => [x(a), y(b)])) }));
      return svg;
    })))];
}
function thresholds(rows) {
  if (!rows.length) return "";
  const points = (name) => rows.filter((r) => r[name] !== null).map((r) => [r.threshold, r[name]]);
  return [h("h3", {}, T.thresholds), h("p", { class: "small muted" }, t("thresholds_lead", { name: F.positive })),
    legend(["line", "blue", T.precision], ["line", "badline", T.recall], ["line", "goodline", "F1"]),
    lines([{ points: points("precision"), style: "blue" }, { points: points("recall"), style: "badline" }, { points: points("f1"), style: "goodline" }], { xTitle: T.threshold, from0: true, isShare: true })];
}
function mistakes(about) {
  if (!about || !about.rows.length) return "";
  return [h("h3", {}, T.mistakes), h("p", { class: "small muted" }, T.mistakes_lead), table(about.columns.map((name, k) => ({ title: k < 4 ? T["mistake_" + k] : short(name, 40) })), about.rows.map((row) => row.map((v) => (typeof v === "number" ? number(v) : v === null ? "–" : short(String(v), 80)))))];
}
function slices(about) {
  if (!about || !about.n_looked_at) return "";
  const metric = F.metrics[about.metric] ? F.metrics[about.metric].title : about.metric, n = { n: whole(about.n_looked_at), metric };
  if (!about.weak.length) return [h("h3", {}, T.slices), h("p", {}, t("slices_none", n))];
  const hasLinear = about.weak.some((one) => one.linear !== null);
  return [h("h3", {}, T.slices), h("p", { class: "small muted" }, t("slices_lead", n)),
    table(columns(T.column, T.slice, T.rows + "#", metric + "#", T.interval + "#", T.elsewhere + "#", ...(hasLinear ? [T.linear_there + "#"] : [])),
      about.weak.map((one) => [short(one.column, 40), one.where, whole(one.n_rows), h("b", {}, number(one.value)), one.low === null ? "–" : t("span", { low: number(one.low), high: number(one.high) }), number(one.elsewhere), ...(hasLinear ? [number(one.linear)] : [])]))];
}
function testSection() {
  const shown = Object.entries({ [T.the_network]: F.test.figures, [T.on_validation]: F.test.valid, ...F.test.rivals });
  const names = Object.keys(F.test.figures).sort((a, b) => (b === F.metric.name) - (a === F.metric.name));
  return section("test", T.test, t("test_lead", { n: whole(F.data.n_rows.test || 0) }),
    table([{ title: "" }, ...names.map((name) => ({ title: (F.metrics[name] || { title: name }).title, n: true }))], shown.map(([title, figures]) => [title, ...names.map((name) => number(figures[name]))])),
    F.test.confusion && confusion(F.test.confusion),
    F.test.details.calibration && F.test.details.calibration.length > 1 && calibration(F.test.details.calibration),
    F.test.residuals && residuals(F.test.residuals),
    F.test.calibrated && h("p", {}, F.test.calibrated),
    thresholds(F.test.thresholds),
    slices(F.test.slices),
    mistakes(F.test.mistakes));
}
function picturesSection() {
  if (!F.sheets.length) return "";
  return section("pictures", T.pictures, "", F.sheets.map((sheet) => [
    h("h3", {}, sheet.title), h("p", { class: "small muted" }, sheet.lead), h("img", { class: "sheet", src: sheet.address, alt: sheet.title })]));
}
function importance() {
  if (!F.test.importance.length) return "";
  const top = F.test.importance.slice(0, 20);
  return section("importance", T.importance, T.importance_lead, bars(top.map((e) => ({ title: e.column, value: Math.max(0, e.importance) }))),
    F.test.importance.length > top.length && h("p", { class: "muted small" }, t("first_of", { n: top.length, total: whole(F.test.importance.length) })));
}
function trainingSection() {
  const names = F.training.columns, place = (name) => names.indexOf(name);
  const points = (name) => F.training.epochs.map((row) => [row[place("epoch")], row[place(name)]]).filter((p) => p[0] !== null && p[1] !== null);
  const others = names.filter((name) => !["epoch", "seconds", "loss", "valid_loss"].includes(name)).slice(0, 3);
  return section("training", T.training, t("training_lead", { n: whole(Math.max(0, ...F.training.epochs.map((row) => row[place("epoch")] || 0))), best: F.training.best_epoch ?? "–" }),
    legend(["line", "blue", T.loss_train], ["line", "badline", T.loss_valid]),
    h("div", { class: others.length ? "two" : "" },
      lines([{ points: points("loss"), style: "blue" }, { points: points("valid_loss"), style: "badline" }].filter((one) => one.points.length), { xTitle: T.epoch, yTitle: T.loss }),
      others.slice(0, 1).map((name) => lines([{ points: points(name), style: "badline" }], { xTitle: T.epoch, yTitle: (F.metrics[name] || { title: name }).title }))));
}
const fixed = (value) => format(value, { minimumFractionDigits: 4, maximumFractionDigits: 4 });
const signed = (value) => (value === null ? "" : format(Math.abs(value) < 0.00005 ? 0 : value, { minimumFractionDigits: 4, maximumFractionDigits: 4, signDisplay: "exceptZero" }));
function networkSection() {
  const has = (name) => F.winner.layers.some((layer) => layer[name] !== null);
  const shape = (sides) => sides.map((n) => (n === null ? "?" : whole(n))).join(" × ");
  return section("network", T.winner_network, t("winner_lead", { n: whole(F.winner.parameters) }) + (F.winner.n_copies > 1 ? " " + t("winner_copies", { n: F.winner.n_copies }) : "") + (F.winner.others.length ? " " + t("winner_others", { others: F.winner.others.join("; ") }) : ""),
    h("div", { class: "two drawn" }, h("img", { class: "network", src: F.diagram, alt: F.winner.layers.map((l) => l.title).join(" › ") }),
      h("div", {}, table(columns(T.layer, T.shape, T.parameters + "#", T.share + "#", T.flops_share + "#", ...(has("earned") ? [T.earned + "#"] : []), ...(has("worth") ? [T.worth + "#"] : [])),
        F.winner.layers.map((l) => [l.title, shape(l.output_shape), whole(l.parameters), percent(l.share), percent(l.flops_share), ...(has("earned") ? [signed(l.earned)] : []), ...(has("worth") ? [l.worth === null ? "" : `${signed(l.worth)} ± ${fixed(l.worth_std)}`] : [])])),
        has("earned") && h("p", { class: "small muted" }, T.earned_lead), has("worth") && h("p", { class: "small muted" }, T.worth_lead))));
}
function reproduceSection() {
  const command = h("pre", {}, F.command);
  const copy = h("button", { onclick: async () => { try { await navigator.clipboard.writeText(F.command); copy.textContent = T.copied; } catch { getSelection().selectAllChildren(command); } } }, T.copy);
  return section("reproduce", T.reproduce, T.reproduce_lead, command, h("div", { class: "bar" }, copy),
    h("details", {}, h("summary", {}, T.job), table(columns(T.field, T.value), Object.entries(F.job).map(([k, v]) => [k, h("code", {}, typeof v === "string" ? v : JSON.stringify(v))]))),
    h("details", {}, h("summary", {}, T.versions), table(columns(T.package, T.version), Object.entries(F.versions))),
    h("details", {}, h("summary", {}, T.files), table(columns(T.file, T.bytes + "#", "sha256"), F.files.map(([path, bytes, sha]) => [path, whole(bytes), h("code", {}, sha)]))));
}

const list = candidates();
const sections = [
  summary(),
  section("search", T.search, t("search_lead", { n: whole(N), failed: whole(F.n_failed), time: duration(F.search_seconds) }), N ? player() : T.none),
  networkSection(),
  testSection(),
  picturesSection(),
  importance(),
  section("candidates", T.candidates, T.candidates_lead,
    h("h3", {}, T.pareto), h("p", { class: "small muted" }, T.pareto_lead), pareto(),
    h("h3", {}, T.parallel), h("p", { class: "small muted" }, T.parallel_lead), N > 1 && parallel(() => list.refresh()), list.element),
  trainingSection(),
  dataSection(),
  reproduceSection(),
].filter(Boolean);
document.getElementById("page").replaceChildren(
  h("header", {}, h("h1", {}, F.title), h("p", { class: "muted" }, F.subtitle)),
  h("nav", { "aria-label": T.sections }, sections.slice(1).map((one) => h("a", { href: "#" + one.id }, one.querySelector("h2").textContent))),
  ...sections,
  h("footer", {}, T.footer),
);
if (N) choose(F.winner_index ?? BEST[N - 1] ?? 0);
