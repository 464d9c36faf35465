import { h } from "./dom.js";
import { post, send } from "./api.js";
import { t } from "./texts.js";
import { number, percent } from "./format.js";
import { bars } from "./chart.js";
import { dropping, mistakes } from "./create.js";

const AT_FIRST = 12;

// A form made from the columns that the network learned from; its answer follows every change.
export function tryIt(facts, base) {
  if (facts.data.columns.some((column) => column.type === "image")) return tryPictures(facts, base);
  const order = new Map(facts.test.importance.map((one, place) => [one.column, place]));
  const columns = facts.data.columns.filter((column) => column.role === "feature").sort((a, b) => (order.get(a.name) ?? 1e9) - (order.get(b.name) ?? 1e9));
  const row = {}, answer = h("div", { "aria-live": "polite" });
  let timer = null, asked = 0;
  const later = () => { clearTimeout(timer); timer = setTimeout(predict, 200); };
  async function predict() {
    const now = ++asked;
    try {
      const [said] = await post(`${base}/predictions`, { rows: [row] });
      if (now === asked) answer.replaceChildren(...says(said, facts));
    } catch (error) {
      if (now === asked) answer.replaceChildren(mistakes(error));
    }
  }
  const fields = columns.map((column) => field(column, row, later));
  predict();
  return h("div", { class: "wide-narrow" },
    h("section", {}, h("h2", {}, t("try_it")), h("p", { class: "muted small" }, t("try_hint")), h("div", { class: "fields" }, fields.slice(0, AT_FIRST)),
      fields.length > AT_FIRST ? h("details", {}, h("summary", {}, t("more_columns", { n: fields.length - AT_FIRST })), h("div", { class: "fields" }, fields.slice(AT_FIRST))) : ""),
    h("div", {}, h("section", { class: "sticky" }, h("h2", {}, t("says")), answer), many(base)));
}

function says(said, facts) {
  const classes = Object.entries(said).filter(([name]) => name.startsWith("p_")).map(([name, p]) => [name.slice(2), p]).sort((a, b) => b[1] - a[1]);
  const value = typeof said.prediction === "number" ? number(said.prediction) : String(said.prediction);
  return [h("div", { class: "big" }, value), h("p", { class: "muted" }, facts.target, said.prediction_low === undefined || said.prediction_low === null ? "" : h("span", { class: "block" }, t("likely", { low: number(said.prediction_low), high: number(said.prediction_high) }))),
    classes.length ? bars(classes.slice(0, 12).map(([name, p], k) => ({ title: name, value: p, text: percent(p), kind: k ? "k5" : "good" }))) : ""];
}

function field(column, row, changed) {
  const id = `try-${column.name}`, top = column.top || [];
  const set = (value) => { row[column.name] = value === "" ? null : value; };
  let input;
  if (column.type === "numeric") {
    const [low, , middle, , high] = column.quantiles && column.quantiles.length ? column.quantiles : [null, null, null, null, null];
    const start = middle === null ? "" : +Number(middle).toPrecision(6);
    input = h("input", { id, type: "number", step: "any", value: start, oninput: () => { set(input.value); if (slide) slide.value = input.value; changed(); } });
    set(String(start));
    const slide = low !== null && high > low ? h("input", { type: "range", min: low, max: high, step: (high - low) / 100, value: start, "aria-label": column.name, oninput: () => { input.value = +(+slide.value).toPrecision(5); set(input.value); changed(); } }) : null;
    return h("div", { class: "field" }, h("label", { for: id }, column.name), input, slide || "");
  }
  const values = column.type === "boolean" && !top.length ? ["true", "false"] : top.map((one) => String(one.value));
  if (values.length && (column.n_distinct <= values.length || column.type === "boolean")) input = h("select", { id, onchange: () => { set(input.value); changed(); } }, values.map((value) => h("option", { value }, value)), h("option", { value: "" }, "–"));
  else input = h("input", { id, value: values[0] || "", list: `${id}-values`, oninput: () => { set(input.value); changed(); } });
  set(values[0] || "");
  return h("div", { class: "field" }, h("label", { for: id }, column.name), input, input.tagName === "INPUT" ? h("datalist", { id: `${id}-values` }, values.map((value) => h("option", { value }))) : "");
}

// For a network of pictures: drop some, and see what it says of each.
function tryPictures(facts, base) {
  const answer = h("div", { "aria-live": "polite" }, h("p", { class: "muted" }, t("nothing_tried")));
  const pick = h("input", { type: "file", id: "rows", hidden: true, accept: "image/*,.zip,.tar,.gz,.npz", onchange: () => pick.files[0] && take(pick.files[0]) });
  const zone = h("div", { class: "drop" }, h("b", {}, t("drop_picture")), h("span", { class: "muted small" }, t("try_picture_hint")), h("button", { type: "button", onclick: () => pick.click() }, t("choose_file")), pick);
  const shown = h("div", { class: "center" });
  dropping(zone, take);
  async function take(file) {
    const path = `${base}/predictions/file?name=${encodeURIComponent(file.name)}`;
    answer.replaceChildren(h("p", { class: "muted busy" }, t("predicting")));
    shown.replaceChildren(file.type.startsWith("image/") ? h("img", { class: "tried", src: URL.createObjectURL(file), alt: file.name }) : "");
    try {
      const rows = await send(path, file, () => {}, { accept: "application/json" });
      if (rows.length === 1) answer.replaceChildren(...says(rows[0], facts));
      else answer.replaceChildren(table(rows, facts), csvOf(path, file));
    } catch (error) { answer.replaceChildren(mistakes(error)); }
    pick.value = "";
  }
  return h("div", { class: "two" }, h("section", {}, h("h2", {}, t("try_it")), zone, shown), h("section", {}, h("h2", {}, t("says")), answer));
}
function table(rows, facts) {
  const sure = (row) => Math.max(...Object.entries(row).filter(([name]) => name.startsWith("p_")).map(([, p]) => p));
  return h("div", { class: "scroll ledger", tabindex: 0, role: "region", "aria-label": t("says") }, h("table", {}, h("thead", {}, h("tr", {}, h("th", {}, t("file")), h("th", {}, facts.target), h("th", { class: "n" }, ""))),
    h("tbody", {}, rows.map((row) => h("tr", {}, h("td", {}, row.file || ""), h("td", {}, typeof row.prediction === "number" ? number(row.prediction) : String(row.prediction)), h("td", { class: "n muted" }, Number.isFinite(sure(row)) ? percent(sure(row)) : ""))))));
}
function csvOf(path, file) {
  const button = h("button", { onclick: async () => { button.disabled = true; give(await send(path, file, () => {}), file.name); button.disabled = false; } }, t("as_csv"));
  return h("p", { class: "right" }, button);
}
function give(csv, from) {
  const name = `${from.replace(/\.[A-Za-z0-9]+$/, "")}-predictions.csv`;
  const link = h("a", { href: URL.createObjectURL(new Blob([csv], { type: "text/csv" })), download: name, class: "button" }, name);
  link.click();
  return link;
}

function many(base) {
  const said = h("div", { "aria-live": "polite" }), pick = h("input", { type: "file", id: "rows", hidden: true, onchange: () => pick.files[0] && take(pick.files[0]) });
  const zone = h("div", { class: "drop small" }, h("span", {}, t("many_hint")), h("button", { type: "button", onclick: () => pick.click() }, t("choose_file")), pick);
  dropping(zone, take);
  async function take(file) {
    said.replaceChildren(h("p", { class: "muted busy" }, t("predicting")));
    try {
      const csv = await send(`${base}/predictions/file?name=${encodeURIComponent(file.name)}`, file, () => {});
      const link = give(csv, file.name);
      said.replaceChildren(h("p", { class: "good" }, t("predictions_ready", { name: link.download })), link);
    } catch (error) { said.replaceChildren(mistakes(error)); }
    pick.value = "";
  }
  return h("section", {}, h("h2", {}, t("many_rows")), zone, said);
}
