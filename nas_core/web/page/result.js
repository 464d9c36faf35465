import { h, notice } from "./dom.js";
import { get, pathOf, runPath } from "./api.js";
import { t } from "./texts.js";
import { bytes, duration, number, whole } from "./format.js";
import { bars, diagram } from "./chart.js";
import { fill, searchView } from "./live.js";
import { tryIt } from "./tryit.js";

const TABS = ["overview", "try_it", "full_report", "how_found", "files"];
const POSTER = "report/figures/search.png";
const DOWNLOADS = [["report/report.xlsx", "dl_workbook"], ["report/report.html", "dl_page"], ["export/model.tflite", "dl_tflite"], ["export/model_int8.tflite", "dl_int8"], ["export/model.keras", "dl_keras"], ["export/model.onnx", "dl_onnx"], ["export/MODEL_CARD.md", "dl_card"]];

export async function result(body, me, status, place, tab) {
  const base = runPath(place);
  const [facts, files] = await Promise.all([get(`${base}/facts?brief=true`).catch(() => null), get(`${base}/artifacts`).catch(() => [])]);
  const panel = h("div", { role: "tabpanel", id: "panel", tabindex: -1 }), made = new Map();
  const draws = {
    overview: () => overview(facts, files, base, status),
    try_it: () => tryIt(facts, base),
    full_report: () => (files.some((file) => file.path === "report/report.html") ? report(base) : h("p", { class: "muted" }, t("no_report"))),
    how_found: () => { const view = searchView(true); fill(view, place, status); return view.box; },
    files: () => fileList(files, base),
  };
  const tabs = TABS.filter((name) => facts || !["try_it", "full_report"].includes(name)).map((name) => h("button", {
    role: "tab", id: `tab-${name}`, "aria-controls": "panel", "data-tab": name, onclick: () => open(name),
    onkeydown: (event) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key], k = tabs.indexOf(event.target);
      if (step) { const next = tabs[(k + step + tabs.length) % tabs.length]; next.focus(); open(next.dataset.tab); }
    } }, t(name)));
  function open(name) {
    tabs.forEach((one) => { const is = one.dataset.tab === name; one.setAttribute("aria-selected", String(is)); one.tabIndex = is ? 0 : -1; });
    if (!made.has(name)) made.set(name, draws[name]());
    panel.setAttribute("aria-labelledby", `tab-${name}`);
    panel.replaceChildren(...[made.get(name)].flat().filter(Boolean));
    const address = new URL(location.href);
    address.searchParams.set("tab", name);
    history.replaceState(null, "", address);
  }
  body.replaceChildren(h("div", { class: "tabs", role: "tablist" }, tabs), panel);
  open(tabs.some((one) => one.dataset.tab === tab) ? tab : "overview");
}

function overview(facts, files, base, status) {
  if (!facts) return h("p", { class: "muted" }, t("no_report"));
  const { test, metric, winner } = facts, outcomes = test.verdicts.map((one) => one.outcome);
  const verdict = outcomes.includes("worse") ? "worse" : outcomes.length && outcomes.every((one) => one === "better") ? "better" : "";
  const film = files.find((file) => file.path === "report/learning.mp4");
  return [
    h("section", {},
      h("p", { class: `band ${verdict}` }, facts.headline),
      h("div", { class: "two" },
        h("div", {}, h("div", { class: "big" }, number(test.value)), h("p", { class: "muted" }, t("on_unseen", { metric: metric.title }), test.low === null ? "" : h("span", { class: "block" }, t("between", { low: number(test.low), high: number(test.high) }))),
          h("div", { class: "cards" }, fact(t("tried"), whole(status.search ? status.search.n_candidates : facts.search.n_candidates)), fact(t("parameters"), whole(winner.parameters * Math.max(1, winner.n_copies))), fact(t("took"), duration(facts.seconds.total)))),
        h("div", {}, h("h3", {}, t("beside"), h("span", { class: "muted small" }, ` (${t(metric.higher_is_better ? "longer" : "shorter")})`)), rivals(facts)))),
    h("div", { class: "two" },
      h("div", {}, h("section", {}, h("h2", {}, t("watch_out")), facts.notes.length ? h("ul", {}, facts.notes.map((text) => h("li", {}, text))) : h("p", { class: "muted" }, t("nothing_odd")),
        facts.next.length ? [h("h3", {}, t("next")), h("ul", {}, facts.next.map((text) => h("li", {}, text)))] : ""),
        test.importance.length ? h("section", {}, h("h2", {}, t("importance")), h("p", { class: "muted small" }, t("importance_hint")), bars(important(test.importance))) : ""),
      h("div", {}, h("section", {}, h("h2", {}, t("downloads")), h("div", { class: "downloads" }, DOWNLOADS.map(([path, key]) => { const file = files.find((one) => one.path === path); return file ? h("a", { class: "download", href: `${base}/artifacts/${pathOf(path)}`, download: path.split("/").pop() }, h("b", {}, t(key)), h("span", { class: "muted small" }, bytes(file.bytes))) : ""; })), code(facts)),
        film ? h("section", {}, h("h2", {}, t("film")), h("video", { controls: true, preload: "metadata", src: `${base}/artifacts/report/learning.mp4`, poster: files.some((file) => file.path === POSTER) ? `${base}/artifacts/${POSTER}` : null, "aria-label": t("film") })) : "",
        h("section", {}, h("h2", {}, t("best_network")), diagram(inside(winner.layers), t("input"), t("output"))))),
  ];
}
const fact = (title, value) => h("div", {}, h("span", { class: "small muted" }, title), h("b", {}, value));
const inside = (layers) => layers.slice(1, -1).map((layer) => ({ title: layer.title, kind: layer.kind, units: layer.params.units }));
function important(all) {
  const first = all.slice(0, 10), most = Math.max(...first.map((one) => one.importance), 1e-9);
  return first.map((one) => ({ title: one.column, value: one.importance / most, text: number(one.importance), kind: "k1" }));
}
function rivals(facts) {
  const { test, metric } = facts, found = { this_network: test.value, ...Object.fromEntries(Object.entries(test.baselines).map(([name, figures]) => [name, figures[metric.name]])) };
  if (test.random && test.random.test) found.random = test.random.test[metric.name];
  const known = Object.entries(found).filter(([, value]) => value !== null && value !== undefined), most = Math.max(...known.map(([, value]) => Math.abs(value)), 1e-9);
  return bars(known.map(([name, value]) => ({ title: t(name), value: Math.abs(value) / most, text: number(value), kind: name === "this_network" ? "good" : "k5" })));
}
function code(facts) {
  const text = `from pathlib import Path\nimport pyarrow.csv as csv\nfrom nas_core.export.predict import predict  # LiteRT: no TensorFlow\n\nrows = csv.read_csv("new_rows.csv")\nanswers = predict(Path("export"), rows)     # the folder export/ of this run\nprint(answers["prediction"])`;
  const button = h("button", { class: "small", onclick: () => navigator.clipboard.writeText(text).then(() => { button.textContent = t("copied"); }, () => notice(text)) }, t("copy"));
  return h("details", {}, h("summary", {}, t("use_it")), h("pre", { tabindex: 0 }, text), h("div", { class: "bar" }, button, h("code", {}, `nas predict ${facts.address} new_rows.csv`)));
}
function report(base) {
  const frame = h("iframe", { class: "report", title: t("full_report"), src: `${base}/artifacts/report/report.html` });
  frame.style.colorScheme = document.documentElement.dataset.theme;
  return frame;
}
function fileList(files, base) {
  return h("section", {}, h("table", {}, h("thead", {}, h("tr", {}, h("th", {}, t("file")), h("th", { class: "n" }, t("size")))),
    h("tbody", {}, files.map((file) => h("tr", {}, h("td", {}, h("a", { href: `${base}/artifacts/${pathOf(file.path)}`, download: file.path.split("/").pop() }, file.path)), h("td", { class: "n" }, bytes(file.bytes)))))));
}
