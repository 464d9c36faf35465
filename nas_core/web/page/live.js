import { h } from "./dom.js";
import { get, runPath } from "./api.js";
import { t } from "./texts.js";
import { clock, duration, format, number, short, whole } from "./format.js";
import { leaderboard } from "./leaderboard.js";
import { bars, diagram, kindClass, searchChart } from "./chart.js";

const ROWS = 60, MINDS = 8;

// A search as it goes on. What was seen stays; a stream that breaks off goes on where it was.
export function live(body, first, place, draw, ended) {
  const view = searchView();
  const waiting = h("div", {}), lost = h("p", { class: "band", role: "status", hidden: true }, t("reconnecting"));
  body.append(lost, waiting, view.box);
  let status = first, received = Date.now();
  tell(first);
  const timer = setInterval(() => count(status, received, body.ownerDocument), 1000);
  if (["success", "failed"].includes(first.state)) { fill(view, place, first).then(() => clearInterval(timer)); return; }

  let stream = null, isOver = false;
  function connect(offset) {
    if (stream) stream.close();
    if (isOver) return;
    stream = new EventSource(`${runPath(place)}/events?offset=${offset}`);
    const on = (kind, act) => stream.addEventListener(kind, (event) => { lost.hidden = true; act(JSON.parse(event.data)); });
    stream.onopen = () => { lost.hidden = true; };
    stream.onerror = () => { lost.hidden = false; if (stream.readyState === EventSource.CLOSED) setTimeout(() => connect(view.count()), 5000); };
    on("candidates", (part) => { if (!view.take(part)) connect(0); });
    on("status", (now) => { status = now; received = Date.now(); draw(status); tell(status); });
    on("end", (last) => { isOver = true; stream.close(); clearInterval(timer); ended(last.state); });
  }
  connect(0);
  // A browser keeps few connections to one server: a page that nobody looks at gives its own back.
  document.addEventListener("visibilitychange", () => { if (document.hidden) stream.close(); else connect(view.count()); });

  function tell(now) {
    const search = now.stages.find((stage) => stage.name === "search"), isEarly = !now.search || !now.search.n_candidates;
    const key = now.state === "queued" ? "waits" : isEarly && (!search || search.state === null || search.state === "scheduled" || search.state === "queued") ? "prepares" : null;
    waiting.replaceChildren(key && now.state !== "failed" ? h("section", { class: "wait busy" }, h("h2", {}, t(key)), h("p", { class: "muted" }, t(`${key}_hint`))) : "");
    view.box.hidden = Boolean(key) || (now.state === "failed" && isEarly);
    view.status(now);
  }
}

function count(status, received, root) {
  const gone = (Date.now() - received) / 1000, left = root.querySelector("[data-left]");
  if (left && status.seconds_left !== null) left.textContent = status.seconds_left - gone > 3 ? `≈ ${duration(status.seconds_left - gone)}` : t("any_moment");
  root.querySelectorAll("[data-since]").forEach((each) => { each.textContent = duration((Date.now() - Date.parse(each.dataset.since)) / 1000); });
}

// All candidates of a search that is over.
export async function fill(view, place, status) {
  view.status(status);
  for (let offset = 0; ;) {
    const part = await get(`${runPath(place)}/candidates?offset=${offset}&limit=5000`).catch(() => null);
    if (!part) { view.box.hidden = true; return; }
    view.take(part);
    offset += part.candidates.length;
    if (!part.candidates.length || offset >= part.total) return;
  }
}

// Chart, best network, thoughts and candidates of one search; `take` adds what came, and says whether it follows what was there.
export function searchView(isOver) {
  const all = [], values = [];
  let space = null, began = null, random = [], filter = "all", wanted = false;
  const describe = (k) => [`${t("network")} ${whole(all[k].number + 1)}`, titleOf(all[k]), all[k].score === null ? `${t("failed")}: ${all[k].error}` : `${space.metric.title} ${number(all[k].value)}`, t("n_parameters", { n: whole(all[k].parameters) })].join("\n");
  const chart = searchChart(t("learning"), describe);
  const figures = h("div", { class: "cards" }), best = h("div", {}), mind = h("div", {}), table = h("div", { class: "scroll ledger", tabindex: 0, role: "region", "aria-label": t("latest") });
  const axis = h("span", {}), shadow = h("span", { class: "key", hidden: true }, h("i", { class: "line dashed" }), t("random_best"));
  const chips = ["all", "records", "failures"].map((key) => h("button", { class: "chip", "aria-pressed": String(key === "all"), onclick: (event) => { filter = key; chips.forEach((chip) => chip.setAttribute("aria-pressed", String(chip === event.target))); rows(); } }, t(key)));
  const board = leaderboard(), unfolded = h("details", { class: "board", open: isOver, ontoggle: () => space && later() }, h("summary", {}, h("h2", {}, t("leaderboard")), h("span", { class: "muted small" }, t("leaderboard_hint"))), board.box);
  const box = h("div", {}, figures,
    h("div", { class: "wide-narrow" },
      h("section", {}, h("h2", {}, t("learning")), h("p", { class: "small muted legend" }, axis, h("span", { class: "key" }, h("i", { class: "square" }), t("a_network")), h("span", { class: "key" }, h("i", { class: "line" }), t("best_line")), shadow, h("span", { class: "key" }, h("i", { class: "cross" }, "×"), t("failures"))), chart, h("p", { class: "small muted right" }, t("networks_axis"))),
      h("section", {}, h("h2", {}, t("best_network")), best)),
    h("div", { class: "wide-narrow" },
      h("section", {}, h("div", { class: "top" }, h("h2", {}, t("latest")), h("div", { class: "bar" }, chips)), table),
      h("section", {}, h("h2", {}, t("thinking")), h("p", { class: "small muted" }, t("thinking_hint")), mind)), unfolded);

  const titlesOf = (codes) => codes.map((code) => (space.choices[code] || { title: "?", kind: "" }));
  const titleOf = (one) => titlesOf(one.codes).map((choice) => choice.title).join(" › ") || "–";
  const later = () => { if (!wanted) { wanted = true; requestAnimationFrame(() => { wanted = false; paint(); }); } };
  let bestAt = -1;

  function take(part) {
    if (began !== null && part.began !== began) { all.length = 0; values.length = 0; bestAt = -1; }
    began = part.began;
    if (part.offset > all.length) return false;  // what came before is not known here
    if (part.metric) space = part;
    random = part.random || [];
    for (const one of part.candidates) {
      if (one.number < all.length) continue;  // told before
      one.isRecord = one.score !== null && (bestAt < 0 || one.score > all[bestAt].score);
      all.push(one);
      values.push(one.value);
      if (one.isRecord) bestAt = all.length - 1;
    }
    if (space && all.length) later();
    return true;
  }
  function paint() {
    axis.textContent = t("better_up", { metric: space.metric.title });
    shadow.hidden = !random.length;
    const text = bestAt < 0 ? t("learning") : `${t("learning")}: ${whole(all.length)}, ${t("best_so_far")} ${number(all[bestAt].value)} ${space.metric.title}`;
    chart.update([{ values, colour: "good", dots: true }, ...(random.length ? [{ values: random, colour: "slate", dashed: true }] : [])], space.metric.higher_is_better, text);
    paintBest();
    paintMind();
    rows();
    if (unfolded.open) board.update(all, space);
  }
  let drawn = -2;
  function paintBest() {
    if (drawn === bestAt) return;
    drawn = bestAt;
    if (bestAt < 0) { best.replaceChildren(h("p", { class: "muted" }, t("no_best"))); return; }
    const one = all[bestAt];
    best.replaceChildren(diagram(titlesOf(one.codes), t("input"), t("output")), h("p", { class: "small muted center" }, `${t("network")} ${whole(one.number + 1)} · ${t("n_parameters", { n: whole(one.parameters) })}`));
  }
  function paintMind() {
    const minds = [];
    for (let k = all.length - 1; k >= 0 && minds.length < MINDS && k > all.length - 80; k--) if (all[k].thoughts) minds.push(all[k].thoughts);
    if (!minds.length) { mind.replaceChildren(h("p", { class: "muted" }, t("no_thinking"))); return; }
    const shares = space.rows.map((_, row) => minds.reduce((sum, one) => sum + one[row], 0) / minds.length / 100), most = Math.max(...shares, 0.01);
    const kinds = space.rows.map((_, row) => (space.choices.find((choice) => choice.row === row) || {}).kind);
    mind.replaceChildren(bars(space.rows.map((title, row) => ({ title, value: shares[row] / most, text: `${Math.round(100 * shares[row])} %`, kind: kindClass(kinds[row]) }))));
  }
  function rows() {
    if (!space) return;
    const found = [];
    for (let k = all.length - 1; k >= 0 && found.length < ROWS; k--) if (filter === "all" || (filter === "records" ? all[k].isRecord : all[k].score === null)) found.push(all[k]);
    table.replaceChildren(found.length ? h("table", {}, h("thead", {}, h("tr", {}, h("th", { class: "n" }, "#"), h("th", { class: "n" }, space.metric.title), h("th", {}, t("layers")), h("th", { class: "n" }, t("parameters")), h("th", { class: "n" }, t("seconds")))),
      h("tbody", {}, found.map((one) => h("tr", { class: one.isRecord ? "record" : "" }, h("td", { class: "n muted" }, whole(one.number + 1)),
        one.score === null ? h("td", { class: "n bad" }, t("failed")) : h("td", { class: `n ${one.isRecord ? "good" : ""}` }, number(one.value)),
        h("td", {}, titleOf(one), one.error ? h("span", { class: "small bad block" }, short(one.error, 160)) : ""), h("td", { class: "n" }, whole(one.parameters)), h("td", { class: "n" }, format(one.seconds, { maximumFractionDigits: 2 })))))) : h("p", { class: "muted" }, t("none_such")));
  }
  const figure = (title, value, note = "", more = {}) => h("div", {}, h("span", { class: "small muted" }, title), h("b", more, value), h("span", { class: "small muted" }, note));
  function status(now) {
    const search = now.search;
    if (!search) return;
    const isLive = !["success", "failed"].includes(now.state);
    figures.replaceChildren(
      figure(t("best_so_far"), search.best ? number(search.best.value) : "–", now.metric ? now.metric.title : "", { class: "good" }),
      figure(t("networks_tried"), whole(search.n_candidates), [isLive && search.n_expected ? t("expected", { n: whole(search.n_expected) }) : "", search.n_failed ? t("n_failed", { n: whole(search.n_failed) }) : ""].filter(Boolean).join(" · ") || t("none_failed")),
      figure(t("parameters"), search.best ? whole(search.best.parameters) : "–", t("best_network")),
      isLive && now.seconds_left !== null ? figure(t("time_left"), `≈ ${duration(now.seconds_left)}`, t("done_at", { time: clock(new Date(Date.now() + 1000 * now.seconds_left)) }), { "data-left": true }) : figure(t("search_time"), duration(search.seconds_used)));
  }
  return { box, take, status, count: () => all.length };
}
