import { h, show } from "./dom.js";
import { get, runLink, runPath } from "./api.js";
import { t } from "./texts.js";
import { duration, moment, number, whole } from "./format.js";
import { searchChart } from "./chart.js";
import { pill, spent } from "./list.js";

const COLOURS = ["blue", "good", "k4", "k3"];

export async function compare(pairs) {
  const places = pairs.slice(0, 4).map(([dag_id, run_id]) => ({ dag_id, run_id }));
  const runs = await Promise.all(places.map(async (place) => ({ place, status: await get(runPath(place)), ledger: await get(`${runPath(place)}/candidates?limit=20000`).catch(() => null) })));
  const found = runs.filter((run) => run.ledger && run.ledger.metric);
  const metrics = [...new Set(runs.map((run) => (run.status.metric || {}).title).filter(Boolean))];
  const chart = searchChart(t("comparing"));
  show(h("a", { class: "back", href: "?" }, `‹ ${t("back")}`), h("h1", {}, t("comparing")),
    metrics.length > 1 ? h("p", { class: "band worse" }, t("not_alike", { metrics: metrics.join(", ") })) : "",
    found.length && metrics.length === 1 ? h("section", {}, h("h2", {}, `${metrics[0]}: ${t("best_of")}`), h("p", { class: "legend small" }, found.map((run, k) => { const key = h("i", { class: "line" }); key.style.borderColor = `var(--${COLOURS[k]})`; return h("span", { class: "key" }, key, name(run)); })), chart) : "",
    h("section", {}, h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": t("comparing") }, h("table", { class: "compare" },
      h("thead", {}, h("tr", {}, h("td", {}), runs.map((run) => h("th", { scope: "col" }, h("a", { href: runLink(run.place) }, run.status.name || run.place.run_id), begun(run) && h("span", { class: "muted small block" }, begun(run)))))),
      h("tbody", {}, lines(runs, metrics.length === 1).map(([title, cells]) => h("tr", {}, h("th", { scope: "row" }, title), cells.map((cell) => h("td", {}, cell)))))))));
  if (found.length) chart.update(found.map((run, k) => ({ values: run.ledger.candidates.map((one) => one.value), colour: COLOURS[k] })), found[0].ledger.metric.higher_is_better);
}
const begun = ({ status }) => (status.started || status.queued ? moment(status.started || status.queued) : "");
const name = (run) => [run.status.name || run.place.run_id, begun(run)].filter(Boolean).join(", ");  // runs of one job share the first part

const SHOWN = ["name", "dataset_uri", "target", "algorithm", "budget_minutes", "language", "root"];
// Other settings in which the runs differ. A run that waits knows only those that were given: the others are defaults.
function differences(runs) {
  const told = (value) => (value === null || value === "" ? "–" : typeof value === "object" ? JSON.stringify(value) : String(value));
  const cells = (field) => runs.map(({ status }) => (field in status.job ? told(status.job[field]) : null));
  const fields = [...new Set(runs.flatMap(({ status }) => Object.keys(status.job)))].filter((field) => !SHOWN.includes(field));
  return fields.map((field) => [h("code", {}, field), cells(field)]).filter(([, all]) => new Set(all.filter((cell) => cell !== null)).size > 1);
}

function lines(runs, areAlike) {
  const row = (title, of) => [title, runs.map(({ status }) => of(status) ?? "–")];
  const values = runs.map(({ status }) => status.value).filter((value) => value !== null), higher = (runs.find(({ status }) => status.metric) || { status: {} }).status.metric;
  const best = areAlike && values.length > 1 && higher ? (higher.higher_is_better ? Math.max(...values) : Math.min(...values)) : null;
  return [
    row(t("state"), (s) => pill(s.state)),
    row(t("result"), (s) => (s.value === null ? "–" : h("b", { class: s.value === best ? "good" : "" }, `${number(s.value)} ${s.metric.title}`))),
    row(t("dataset"), (s) => s.dataset), row(t("target"), (s) => s.target),
    row(t("rows"), (s) => (s.n_rows ? whole(Object.values(s.n_rows).reduce((a, b) => a + b, 0)) : null)),
    row(t("algorithm"), (s) => t(s.job.algorithm || "layerwise")),
    row(t("budget"), (s) => (s.job.budget_minutes ? t("minutes", { n: s.job.budget_minutes }) : null)),
    row(t("networks_tried"), (s) => (s.search ? whole(s.search.n_candidates) : null)),
    row(t("parameters"), (s) => (s.search && s.search.best ? whole(s.search.best.parameters) : null)),
    row(t("took"), (s) => duration(spent(s))), row(t("person"), (s) => s.user), ...differences(runs),
  ];
}
