import { h, show } from "./dom.js";
import { get, runLink } from "./api.js";
import { t } from "./texts.js";
import { ago, duration, number, whole } from "./format.js";

const PAGE = 50, LIVE = ["queued", "running"];
export const pill = (state) => h("span", { class: `pill ${state || "none"}` }, t(state || "none"));
export const spent = (card) => (card.started ? (Date.parse(card.ended || new Date()) - Date.parse(card.started)) / 1000 : null);

export async function list(me) {
  const chosen = new Map(), body = h("div", {});
  let words = "", offset = 0, timer = null, asked = 0;
  const comparing = h("a", { class: "button", "aria-disabled": "true", title: t("compare_hint") }, t("compare"));
  const search = h("input", { type: "search", placeholder: t("search_runs"), "aria-label": t("search_runs"), oninput: () => { clearTimeout(timer); timer = setTimeout(() => { words = search.value; offset = 0; update(); }, 250); } });
  const bar = h("div", { class: "bar" }, search, comparing);
  show(
    h("header", { class: "top" },
      h("div", {}, h("h1", {}, t("networks")), h("p", { class: "muted" }, t("lead"))),
      me.may_run && h("a", { class: "button primary", href: "?new" }, t("new_network"))),
    bar, body);

  function choose(card, is) {
    if (is) chosen.set(`${card.dag_id}/${card.run_id}`, card); else chosen.delete(`${card.dag_id}/${card.run_id}`);
    const isEnough = chosen.size >= 2 && chosen.size <= 4;
    comparing.setAttribute("aria-disabled", String(!isEnough));
    if (isEnough) comparing.href = `?compare=${[...chosen.keys()].map((key) => key.split("/").map(encodeURIComponent).join("/")).map(encodeURIComponent).join(",")}`;
    else comparing.removeAttribute("href");
    comparing.textContent = chosen.size ? `${t("compare")} (${chosen.size})` : t("compare");
  }
  async function update() {
    clearTimeout(timer);
    const number_ = ++asked;
    const { total, runs } = await get(`api/v1/runs?limit=${PAGE}&offset=${offset}&search=${encodeURIComponent(words)}`);
    if (number_ !== asked) return;
    bar.hidden = !total && !words;
    if (!body.contains(document.activeElement) || !runs.length) body.replaceChildren(...[runs.length ? table(runs) : nothing()].flat(), turning(total));
    timer = setTimeout(later, runs.some((card) => LIVE.includes(card.state)) ? 4000 : 15000);
  }
  // A page that nobody looks at asks for nothing.
  function later() {
    if (document.hidden) document.addEventListener("visibilitychange", later, { once: true });
    else update();
  }
  const nothing = () => (words ? h("p", { class: "muted pad" }, t("nothing_found", { words })) : h("div", { class: "empty" },
    art(), h("h2", {}, t("no_runs")), h("p", {}, t(me.may_run ? "no_runs_hint" : "no_runs_viewer")),
    me.may_run && h("a", { class: "button primary", href: "?new" }, t("new_network"))));
  const turning = (total) => (total <= PAGE ? "" : h("div", { class: "bar" },
    h("button", { disabled: !offset, onclick: () => { offset -= PAGE; update(); } }, t("previous_page")),
    h("span", { class: "muted" }, t("of_total", { from: offset + 1, to: Math.min(total, offset + PAGE), total: whole(total) })),
    h("button", { disabled: offset + PAGE >= total, onclick: () => { offset += PAGE; update(); } }, t("next_page"))));
  const table = (runs) => h("table", { class: "runs" },
    h("thead", {}, h("tr", {}, h("td", {}), ...["name", "state", "result", "tried", "started", "took", "person"].map((key) => h("th", { scope: "col", class: ["result", "tried", "took"].includes(key) ? "n" : "" }, t(key))))),
    h("tbody", {}, runs.map(row)));
  const row = (card) => h("tr", {},
    h("td", {}, h("input", { type: "checkbox", "aria-label": t("select_run", { name: card.name || card.run_id }), checked: chosen.has(`${card.dag_id}/${card.run_id}`), onchange: (event) => choose(card, event.target.checked) })),
    h("td", { class: "what" }, h("a", { href: runLink(card) }, card.name || card.run_id), h("span", { class: "muted small" }, card.target ? `${card.target} · ${card.dataset || ""}` : card.dag_id)),
    h("td", {}, pill(card.state)),
    h("td", { class: `n ${card.value === null ? "nothing" : ""}`, "data-label": t("result") }, card.value === null ? "–" : [h("b", {}, number(card.value)), " ", h("span", { class: "muted small" }, card.metric.title)]),
    h("td", { class: "n", "data-label": t("tried") }, card.n_candidates ? whole(card.n_candidates) : "–"),
    h("td", { class: card.started || card.queued ? "" : "nothing", title: card.started || card.queued || "", "data-label": t("started") }, ago(card.started || card.queued)),
    h("td", { class: "n", "data-label": t("took") }, duration(spent(card))),
    h("td", { class: "muted", "data-label": t("person") }, card.user || "–"));
  await update();
}

// Columns that become a network: what an empty list shows.
function art() {
  const lines = [];
  for (const [a, b] of [[3, 4], [4, 3], [3, 1]].map((pair, k) => [k, pair])) for (let i = 0; i < b[0]; i++) for (let j = 0; j < b[1]; j++) lines.push(`M${70 + a * 46} ${50 + (i - (b[0] - 1) / 2) * 24}L${116 + a * 46} ${50 + (j - (b[1] - 1) / 2) * 24}`);
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 230 100");
  svg.setAttribute("class", "art");
  svg.setAttribute("aria-hidden", "true");
  const add = (tag, attributes) => { const e = document.createElementNS("http://www.w3.org/2000/svg", tag); Object.entries(attributes).forEach(([k, v]) => e.setAttribute(k, v)); svg.append(e); };
  for (let r = 0; r < 5; r++) for (let c = 0; c < 3; c++) add("rect", { x: 4 + c * 17, y: 10 + r * 17, width: 14, height: 13, rx: 3, class: r ? "fill-faint" : "fill-blue" });
  add("path", { d: lines.join(""), class: "thin" });
  [3, 4, 3, 1].forEach((n, k) => { for (let i = 0; i < n; i++) add("circle", { cx: 70 + k * 46, cy: 50 + (i - (n - 1) / 2) * 24, r: 6.5, class: k === 3 ? "fill-good" : "fill-blue" }); });
  return svg;
}
