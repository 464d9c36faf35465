import { h, s, show } from "./dom.js";
import { get, post, runLink, runPath } from "./api.js";
import { interrupted, upload } from "./upload.js";
import { LANGUAGE, t } from "./texts.js";
import { bytes, clock, percent, short, whole } from "./format.js";
import { settings } from "./settings.js";
import { gallery } from "./gallery.js";

const TYPES = ["numeric", "categorical", "boolean", "date", "text", "id", "ignore"];
const TIMES = [2, 5, 10, 30, 60, 240];

export async function create(me, asked) {
  const job = { column_types: {}, exclude_columns: [], budget_minutes: 10, algorithm: "layerwise", language: LANGUAGE };
  let seen = null, sending = null, fileName = null, looks = 0;
  const [schema, known, earlier] = await Promise.all([get("api/v1/job-schema"), get("api/v1/runs?limit=50"), earlierJob(asked)]);
  const data = h("div", {}), rest = h("div", {}), problems = h("div", { "aria-live": "assertive" });
  show(
    h("a", { class: "back", href: "?" }, `‹ ${t("back")}`), h("h1", {}, t("new_network")),
    me.may_run ? "" : h("p", { class: "band" }, t("may_not_run")), data, rest, problems);
  if (!me.may_run) return;
  if (earlier) {
    Object.assign(job, earlier);
    await look();
  } else askForData();

  // 1. The data
  function askForData(error) {
    seen = null;
    rest.replaceChildren();
    problems.replaceChildren();
    const pick = h("input", { type: "file", hidden: true, id: "file", onchange: () => pick.files[0] && take(pick.files[0]) });
    const address = h("input", { type: "text", placeholder: t("address_hint"), "aria-label": t("or_address"), value: job.dataset_uri && !fileName ? job.dataset_uri : "" });
    const query = h("textarea", { id: "query", rows: 3, spellcheck: "false", placeholder: "SELECT age, plan, churned FROM customers", value: job.query || "" });
    const asking = h("div", { class: "query", hidden: !isDatabase(address.value) }, h("label", { for: "query" }, t("which_rows")), query);
    address.addEventListener("input", () => { asking.hidden = !isDatabase(address.value); });
    const zone = h("div", { class: "drop" },
      tableArt(), h("b", {}, t("drop_here")), h("span", { class: "muted small" }, t("drop_hint")),
      h("button", { type: "button", onclick: () => pick.click() }, t("choose_file")), pick);
    dropping(zone, take);
    data.replaceChildren(h("section", {}, h("h2", {}, t("your_data")), error ? mistakes(error) : "", interrupted().slice(-1).map((name) => h("p", { class: "band" }, t("interrupted", { name }))), zone,
      h("form", { onsubmit: (event) => { event.preventDefault(); if (address.value.trim()) { fileName = null; fresh(address.value.trim()); if (isDatabase(address.value)) job.query = query.value.trim(); look(); } } },
        h("div", { class: "bar" }, h("span", { class: "muted" }, t("or_address")), address, h("button", {}, t("look"))), asking)));
  }
  const fresh = (uri) => Object.assign(job, { dataset_uri: uri, target: undefined, query: undefined, column_types: {}, exclude_columns: [] });
  async function take(file) {
    fileName = file.name;
    const bar = h("progress", { max: 1, "aria-label": file.name }), said = h("p", { class: "muted", role: "status" });
    const progress = (done, total) => { bar.value = done / total; said.textContent = t("uploading", { name: file.name, done: bytes(done), total: bytes(total) }); };
    data.replaceChildren(h("section", {}, h("h2", {}, t("your_data")), bar, said, h("button", { onclick: () => sending.abort() }, t("cancel"))));
    progress(0, file.size);
    sending = upload(file, progress);
    try {
      fresh(await sending);
    } catch (error) {
      if (error.status === -1) return askForData();
      if (error.status) return askForData(error);
      data.replaceChildren(h("section", {}, h("h2", {}, t("your_data")), h("p", { class: "bad", role: "alert" }, t("connection_lost")),
        h("div", { class: "bar" }, h("button", { class: "primary", onclick: () => take(file) }, t("retry")), h("button", { onclick: () => askForData() }, t("other_file")))));
      return undefined;
    }
    return look();
  }
  async function look() {
    const number = ++looks;
    data.setAttribute("aria-busy", "true");
    if (!seen) data.replaceChildren(h("section", {}, h("h2", {}, t("your_data")), h("p", { class: "muted busy", role: "status" }, t("looking"))));
    try {
      const { name, budget_minutes, algorithm, ...question } = job;
      const found = await post("api/v1/inspect", question);
      if (number !== looks) return undefined;
      seen = found;
      job.target = seen.target || undefined;
      drawData();
      drawRest();
    } catch (error) {
      if (number !== looks) return undefined;
      if (!isDatabase(job.dataset_uri) || !job.query) return askForData(error);
      seen = { name: job.dataset_uri, columns: [], rows: [], findings: [], n_rows: null, metrics: [], error };  // the workers may reach what this server does not
      drawData();
      drawRest();
    } finally {
      if (number === looks) data.removeAttribute("aria-busy");
    }
    return undefined;
  }
  function drawData() {
    const size = seen.n_rows === null ? "" : seen.pictures ? `${t("n_pictures", { n: whole(seen.pictures.n) })}${seen.is_whole ? "" : `, ${t("judged_by", { n: whole(seen.n_rows) })}`}` : seen.is_whole ? t("rows_columns", { rows: whole(seen.n_rows), columns: whole(seen.columns.length) })
      : `${t("rows_columns", { rows: `> ${whole(seen.n_rows)}`, columns: whole(seen.columns.length) })}, ${t("first_rows_only", { rows: whole(seen.n_rows) })}`;
    data.replaceChildren(h("section", {},
      h("div", { class: "top" }, h("div", {}, h("h2", {}, fileName || seen.name), h("p", { class: "muted" }, size)), h("button", { onclick: () => askForData() }, t("other_file"))),
      seen.pictures ? gallery(seen.pictures, seen.pictures.groups.length <= 40 || seen.columns.find((column) => column.name === seen.target).type !== "numeric") : "",
      told().length ? [h("p", { class: "small muted" }, t("preview")), preview()] : "",
      seen.error ? mistakes(seen.error) : noticed()));
  }
  // Columns that say something: of pictures not the picture, its name and its size.
  const told = () => seen.columns.map((_, k) => k).filter((k) => !seen.pictures || !["image", "file", "height", "width", seen.target].includes(seen.columns[k].name));
  function preview() {
    const order = (seen.pictures ? told() : seen.columns.map((_, k) => k)).sort((a, b) => (seen.columns[b].role === "target") - (seen.columns[a].role === "target"));
    const columns = order.map((k) => seen.columns[k]);
    const head = columns.map((column) => h("th", { scope: "col", class: `${column.role === "target" ? "target" : ""} ${column.role === "set aside" ? "aside" : ""}` },
      h("span", { class: "colname", title: column.name }, short(column.name, 28)),
      column.role === "target" ? h("span", { class: "pill success" }, t("is_target")) : h("label", { class: "small" },
        h("input", { type: "checkbox", checked: column.role !== "set aside", "aria-label": t("use_column", { name: column.name }), onchange: (event) => use(column, event.target.checked) }),
        column.role === "set aside" ? h("span", { class: "muted", title: column.reason }, t("set_aside")) : ""),
      h("select", { "aria-label": t("type_of", { name: column.name }), onchange: (event) => { job.column_types[column.name] = event.target.value; look(); } },
        TYPES.map((type) => h("option", { value: type, selected: type === column.type }, t(type)))),
      spark(column),
      h("span", { class: "muted small" }, column.n_missing ? t("missing", { share: percent(column.n_missing / Math.max(1, seen.n_rows)) }) : t("distinct", { n: whole(column.n_distinct) }))));
    return h("div", { class: "scroll preview", tabindex: 0, role: "region", "aria-label": t("preview") }, h("table", {}, h("thead", {}, h("tr", {}, head)),
      h("tbody", {}, seen.rows.slice(0, 8).map((row) => h("tr", {}, order.map((k) => row[k]).map((cell, k) => h("td", { class: [columns[k].type === "numeric" && "n", columns[k].role === "target" && "target", columns[k].role === "set aside" && "aside"].filter(Boolean).join(" ") }, cell === null ? h("span", { class: "muted" }, "–") : short(cell, 40))))))));
  }
  function use(column, isUsed) {
    job.exclude_columns = job.exclude_columns.filter((name) => name !== column.name);
    if (!isUsed) { job.exclude_columns.push(column.name); delete job.column_types[column.name]; }
    else if (column.reason && !column.reason.includes("exclude_columns")) job.column_types[column.name] = ["text", "id", "ignore"].includes(column.type) ? "categorical" : column.type;
    look();
  }
  function noticed() {
    const found = seen.findings.filter((one) => one.severity !== "info" || ["reading", "чтение"].includes(one.rule));
    const line = (one) => h("li", { class: one.severity === "error" ? "bad" : "" }, one.message, one.action ? h("span", { class: "muted" }, ` ${one.action}`) : "");
    return h("div", {}, h("h3", {}, t("findings")), found.length ? h("ul", { class: "small" }, found.slice(0, 6).map(line)) : h("p", { class: "muted small" }, t("no_findings")),
      found.length > 6 ? h("details", {}, h("summary", {}, t("more_findings", { n: found.length - 6 })), h("ul", { class: "small" }, found.slice(6).map(line))) : "");
  }

  // 2. The question, the time, the way
  function drawRest() {
    const targets = h("select", { id: "target", onchange: () => { job.target = targets.value || undefined; look(); } },
      h("option", { value: "" }, t("choose_target")), seen.columns.filter((column) => !seen.pictures || !["image", "file"].includes(column.name)).map((column) => h("option", { value: column.name, selected: column.name === job.target }, column.name)));
    const named = h("input", { id: "target", value: job.target || "", oninput: () => { job.target = named.value || undefined; ready(); } });
    job.name = job.name || nameFrom(fileName || seen.name);
    const naming = h("input", { id: "name", value: job.name, maxlength: 64, oninput: () => { job.name = naming.value; ready(); } });
    const go = h("button", { class: "primary large", onclick: start }, t("run")), line = h("span", { class: "muted" });
    const ready = () => { go.disabled = !job.target; line.textContent = job.target ? t("summary_line", { target: job.target, dataset: fileName || seen.name, time: job.deadline ? `${t("until")} ${clock(new Date(job.deadline))}` : span(job.budget_minutes) }) : t("choose_target"); };
    async function start() {
      go.disabled = true;
      go.textContent = t("starting");
      problems.replaceChildren();
      try {
        location.search = runLink(await post("api/v1/runs", cleaned(job))).slice(1);
      } catch (error) {
        problems.replaceChildren(mistakes(error));
        problems.scrollIntoView({ block: "center" });
        go.textContent = t("run");
        ready();
      }
    }
    rest.replaceChildren(
      h("div", { class: "two" },
        h("section", {}, h("h2", {}, t("what_to_predict")), h("label", { for: "target" }, t("target_column")), seen.columns.length ? targets : named,
          seen.task ? h("p", { class: "muted small" }, t("it_is", { task: t(seen.task), metric: (job.metric && job.metric !== "auto" ? job.metric : seen.metrics[0]).replace("_", "-") })) : "",
          h("label", { for: "name" }, t("run_name")), naming),
        h("section", {}, h("h2", {}, t("how_long")), time(job, known.runs, seen, ready))),
      h("section", {}, h("h2", {}, t("how")), ways(job)),
      settings(schema, job),
      h("div", { class: "go" }, line, go));
    ready();
  }
}

async function earlierJob(asked) {
  if (!asked.get("from")) return null;
  const [dag_id, run_id] = asked.get("from").split("/").map(decodeURIComponent);
  const { job } = await get(runPath({ dag_id, run_id }));
  const kept = Object.fromEntries(Object.entries(job).filter(([, value]) => value !== null && value !== ""));
  delete kept.deadline;
  return { column_types: {}, exclude_columns: [], ...kept };
}
const isDatabase = (uri) => /^[a-z][a-z0-9+.-]*:\/\//i.test(uri.trim()) && !/^(file|s3|https?):/i.test(uri.trim());
const cleaned = (job) => Object.fromEntries(Object.entries(job).filter(([name, value]) => value !== undefined && value !== null && !(name === "budget_minutes" && job.deadline)));
const nameFrom = (file) => file.replace(/\.[A-Za-z0-9.]{1,12}$/, "").replace(/[^A-Za-z0-9_.-]+/g, "-").replace(/^[^A-Za-z0-9]+/, "").slice(0, 60) || "network";
const span = (minutes) => (minutes < 120 || minutes % 60 ? t("minutes", { n: minutes }) : t("hours", { n: minutes / 60 }));

export function mistakes(error) {
  const all = error.errors && error.errors.length ? error.errors.map((one) => one.rule.replace(/^`dataset_uri`/, t("the_data"))) : [error.message || t("connection_lost")];
  return h("div", { class: "mistakes", role: "alert" }, h("b", {}, t("something_wrong")), h("ul", {}, all.map((text) => h("li", {}, text))));
}

export function dropping(zone, take) {
  const inside = (is) => zone.classList.toggle("over", is);
  zone.addEventListener("dragover", (event) => { event.preventDefault(); inside(true); });
  zone.addEventListener("dragleave", () => inside(false));
  zone.addEventListener("drop", (event) => { event.preventDefault(); inside(false); if (event.dataTransfer.files[0]) take(event.dataTransfer.files[0]); });
}

// The time as a dial: a few usual spans, any other by the slider, or an hour of the day.
function time(job, runs, seen, changed) {
  const said = h("output", { class: "dial", for: "minutes" }), hint = h("p", { class: "muted small" }), by = h("p", { class: "muted small" });
  const slider = h("input", { id: "minutes", type: "range", min: 0, max: 100, "aria-label": t("search_time"), oninput: () => set(Math.max(1, Math.round(toMinutes(+slider.value)))) });
  const until = h("input", { type: "time", id: "until", "aria-label": t("until_time"), onchange: () => {
    if (!until.value) return set(job.budget_minutes);
    const [hours, minutes] = until.value.split(":").map(Number), at = new Date();
    at.setHours(hours, minutes, 0, 0);
    if (at < new Date()) at.setDate(at.getDate() + 1);
    job.deadline = at.toISOString();
    draw(Math.max(1, Math.round((at - new Date()) / 60000)));
    return undefined;
  } });
  const buttons = TIMES.map((minutes) => h("button", { type: "button", class: "chip", onclick: () => set(minutes) }, span(minutes)));
  function set(minutes) {
    delete job.deadline;
    until.value = "";
    job.budget_minutes = minutes;
    draw(minutes);
  }
  function draw(minutes) {
    slider.value = fromMinutes(minutes);
    slider.setAttribute("aria-valuetext", span(minutes));
    said.textContent = job.deadline ? `${t("until")} ${clock(new Date(job.deadline))}` : span(minutes);
    buttons.forEach((button, k) => button.setAttribute("aria-pressed", String(!job.deadline && TIMES[k] === minutes)));
    hint.textContent = expected(minutes, runs, seen);
    by.textContent = t("done_about", { time: clock(new Date(Date.now() + minutes * 60000 + 45000)) });
    changed();
  }
  queueMicrotask(() => set(job.budget_minutes));
  return [said, slider, h("div", { class: "bar" }, buttons, h("label", { class: "small" }, t("until"), " ", until)), hint, by];
}
const toMinutes = (x) => 10 ** (x / 100 * Math.log10(1440));
const fromMinutes = (minutes) => 100 * Math.log10(Math.max(1, minutes)) / Math.log10(1440);

// How many networks the time is good for, by the pace of the run of the same task whose dataset was most like this one.
function expected(minutes, runs, seen) {
  const rows = seen.pictures ? seen.pictures.n : seen.n_rows;
  const paced = runs.filter((run) => run.task === seen.task && run.n_candidates > 5 && run.search_seconds && run.n_rows);
  if (!paced.length || !rows) return t(seen.pictures ? "expect_pictures" : "expect_unknown");
  const nearest = paced.sort((a, b) => Math.abs(Math.log(a.n_rows / rows)) - Math.abs(Math.log(b.n_rows / rows)))[0];
  const budget = 60 * minutes, search = budget - Math.max(0.25 * budget, Math.min(45, budget / 2));
  const n = Math.max(1, search * nearest.n_candidates / nearest.search_seconds);
  return t("expect", { n: whole(n > 20 ? Math.round(n / 10) * 10 : n), name: nearest.name });
}

function ways(job) {
  const pictures = { layerwise: layerwiseArt(), whole: wholeArt() };
  return h("div", { class: "ways", role: "radiogroup", "aria-label": t("how") }, ["layerwise", "whole"].map((way) => h("label", { class: "way" },
    h("input", { type: "radio", name: "algorithm", value: way, checked: job.algorithm === way, onchange: () => { job.algorithm = way; } }),
    pictures[way], h("b", {}, t(way)), h("span", { class: "muted small" }, t(`${way}_hint`)))));
}
function layerwiseArt() {
  const blocks = [];
  for (let step = 0; step < 4; step++) for (let k = 0; k <= step; k++) blocks.push(s("rect", { x: 8 + step * 56, y: 74 - k * 19, width: [40, 30, 36, 24][k], height: 15, rx: 4, class: k === step ? "fill-good" : "fill-blue" }));
  const arrows = [0, 1, 2].map((step) => s("path", { d: `M${50 + step * 56} 48h8m-4-4 4 4-4 4`, class: "arrow" }));
  return s("svg", { viewBox: "0 0 232 100", "aria-hidden": "true" }, blocks, arrows);
}
function wholeArt() {
  const nets = [[40, 24, 36, 30], [24, 40, 40, 16], [36, 36, 30, 24]].map((widths, step) => widths.map((width, k) => s("rect", { x: 8 + step * 74, y: 74 - k * 19, width, height: 15, rx: 4, class: step === 2 ? "fill-good" : "fill-blue" })));
  const arrows = [0, 1].map((step) => s("path", { d: `M${56 + step * 74} 48h12m-4-4 4 4-4 4`, class: "arrow" }));
  return s("svg", { viewBox: "0 0 232 100", "aria-hidden": "true" }, nets, arrows);
}
function tableArt() {
  return s("svg", { viewBox: "0 0 64 44", class: "tableart", "aria-hidden": "true" }, [0, 1, 2, 3].map((r) => [0, 1, 2].map((c) => s("rect", { x: 2 + c * 21, y: 1 + r * 11, width: 18, height: 8.5, rx: 2, class: r ? "fill-faint" : "fill-blue" }))));
}
// What a column holds, at a glance.
function spark(column) {
  const counts = column.histogram ? column.histogram.counts : (column.top || []).map((one) => one.count);
  if (!counts.length) return "";
  const most = Math.max(...counts), width = 84 / Math.max(counts.length, 6);
  return s("svg", { viewBox: "0 0 84 22", class: "spark", "aria-hidden": "true" }, counts.map((n, k) => s("rect", { x: k * width, width: Math.max(1, width - 1), y: 22 - 21 * n / most - 1, height: 21 * n / most + 1, class: column.histogram ? "fill-blue" : "fill-slate" })));
}
