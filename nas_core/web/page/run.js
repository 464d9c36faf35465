import { ask, h, notice, show } from "./dom.js";
import { call, get, log, post, runPath } from "./api.js";
import { t } from "./texts.js";
import { duration, moment } from "./format.js";
import { pill, spent } from "./list.js";
import { live } from "./live.js";
import { result } from "./result.js";

export const ENDED = ["success", "failed"];

export async function run(me, place, tab) {
  let status;
  try {
    status = await get(runPath(place));
  } catch (error) {
    if (![403, 404].includes(error.status)) throw error;
    show(h("div", { class: "empty" }, h("h1", {}, t("no_such_run")), h("p", {}, t("no_such_hint")), h("a", { class: "button", href: "?" }, t("back"))));
    return;
  }
  const head = h("div", {}), stages = h("div", {}), body = h("div", {});
  show(head, stages, body);
  const draw = (now) => { status = now; heading(head, me, status, place); steps(stages, status, place); };
  draw(status);
  if (status.state === "success") {
    await result(body, me, status, place, tab);
    return;
  }
  const ended = async (state) => {
    draw(await get(runPath(place)));
    if (state === "success") await result(body, me, status, place, tab);
    else await failure(body, status, place);
  };
  if (status.state === "failed") await failure(body, status, place);
  live(body, status, place, draw, ended);
}

function heading(head, me, status, place) {
  document.title = `${status.name || place.run_id} · ${t(status.state)}`;
  const stopping = status.is_stopped && !ENDED.includes(status.state);
  const isSearching = (status.stages.find((stage) => stage.name === "search") || {}).state === "running";
  async function stop(event) {
    if (!await ask(t("stop_question"), t("stop_detail"), t("stop"), t("cancel"))) return;
    event.target.disabled = true;
    await post(`${runPath(place)}/stop`).then(() => notice(t("stopping")), (error) => notice(error.message, "bad"));
  }
  async function remove() {
    if (!await ask(t("remove_question", { name: status.name || place.run_id }), t("remove_detail"), t("remove"), t("cancel"))) return;
    await call("DELETE", runPath(place)).then(() => { location.search = ""; }, (error) => notice(error.message, "bad"));
  }
  const kept = head.querySelector(".actions button:focus, .actions a:focus");
  if (kept) return;  // what has the focus is not taken away
  head.replaceChildren(
    h("a", { class: "back", href: "?" }, `‹ ${t("back")}`),
    h("header", { class: "top" },
      h("div", {}, h("h1", {}, status.name || place.run_id, " ", pill(status.state)),
        h("p", { class: "muted" }, [status.target && `${status.target} · ${status.dataset}`, status.user, status.started && moment(status.started), ENDED.includes(status.state) && status.started && duration(spent(status))].filter(Boolean).join("  ·  "))),
      h("div", { class: "bar actions" },
        me.may_operate && isSearching && !stopping ? h("button", { class: "primary", onclick: stop }, t("stop")) : "",
        stopping && isSearching ? h("span", { class: "muted" }, t("stopping")) : "",
        me.may_run && ENDED.includes(status.state) && status.job.dataset_uri ? h("a", { class: "button", href: `?new&from=${encodeURIComponent([place.dag_id, place.run_id].map(encodeURIComponent).join("/"))}` }, t("again")) : "",
        me.may_operate && ENDED.includes(status.state) ? h("button", { onclick: remove }, t("remove")) : "")));
}

// The five stages; a click opens the tail of a stage's log.
function steps(box, status, place) {
  const open = box.dataset.open;
  const row = h("ol", { class: "steps", "aria-label": t("stages") }, status.stages.map((stage) => h("li", { class: `step ${stage.state || "none"}`, "aria-current": stage.state === "running" ? "step" : null },
    h("button", { "aria-expanded": String(open === stage.name), "aria-controls": "log", onclick: () => { box.dataset.open = box.dataset.open === stage.name ? "" : stage.name; steps(box, status, place); tell(); } },
      h("span", { class: "dot", "aria-hidden": "true" }), h("b", {}, t(stage.name)),
      h("span", { class: "muted small" }, stage.seconds === null ? t(stage.state || "none") : stage.state === "running" ? h("span", { "data-since": stage.started }, duration(stage.seconds)) : stage.state === "failed" ? t("failed") : duration(stage.seconds))))));
  const before = box.querySelector("#log");
  const had = box.contains(document.activeElement) ? [...box.querySelectorAll("button")].indexOf(document.activeElement) : -1;
  box.replaceChildren(row, open ? before && before.dataset.stage === open ? before : h("pre", { id: "log", tabindex: 0, "data-stage": open, "aria-label": t("log_of", { stage: t(open) }) }, "…") : "");
  if (had >= 0) box.querySelectorAll("button")[had].focus();
  async function tell() {
    const name = box.dataset.open, stage = status.stages.find((one) => one.name === name);
    if (!stage) return;
    const lines = stage.n_try ? await log(place, name, stage.n_try).catch(() => []) : [];
    const place_ = box.querySelector("#log");
    if (!place_ || box.dataset.open !== name) return;
    const isAtEnd = place_.scrollHeight - place_.scrollTop - place_.clientHeight < 30;
    place_.textContent = lines.slice(-200).map((line) => line.event).join("\n") || t("no_log");
    if (isAtEnd || place_.textContent.length < 3) place_.scrollTop = place_.scrollHeight;
  }
  if (open) tell();
}

async function failure(body, status, place) {
  const stage = status.stages.find((one) => one.state === "failed");
  const lines = stage ? await log(place, stage.name, stage.n_try).catch(() => []) : [];
  const reasons = [...new Set(lines.filter((line) => ["error", "critical"].includes(line.level)).map((line) => line.event).filter((text) => !/^Task failed/.test(text)))];
  const told = h("section", { class: "failure", role: "alert" }, h("h2", {}, t("it_failed")),
    h("p", { class: "muted" }, stage ? t("failed_in", { stage: t(stage.name) }) : t("failed_before")),
    h("ul", {}, reasons.slice(0, 12).map((text) => h("li", {}, text))));
  const old = body.querySelector(".failure");
  if (old) old.replaceWith(told); else body.prepend(told);
}
