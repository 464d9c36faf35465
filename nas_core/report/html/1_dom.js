"use strict";
// What a person, a dataset or a network wrote enters the page through h() and s() only, as text.
const F = JSON.parse(document.getElementById("facts").textContent);
const T = F.texts, C = F.candidates, N = C.score.length, SIGN = F.metric.higher_is_better ? 1 : -1;

function make(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes || {})) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== null && value !== undefined && value !== false) element.setAttribute(name, value);
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}
const h = (tag, attributes, ...children) => make(document.createElement(tag), attributes, children);
const s = (tag, attributes, ...children) => make(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);

// A text with its places {name} filled in.
const t = (key, values) => T[key].replace(/\{(\w+)\}/g, (_, name) => values[name]);

// What stands between backticks is code.
const rich = (text) => text.split("`").map((part, k) => (k % 2 ? h("code", {}, part) : part));

const format = (value, options) => new Intl.NumberFormat(F.language, options).format(value);
const whole = (value) => format(Math.round(value));
const percent = (share) => format(share, { style: "percent", maximumFractionDigits: share && share < 0.1 ? 1 : 0 });
function number(value) {
  if (value === null || value === undefined || !isFinite(value)) return "–";
  const size = Math.abs(value);
  if (Number.isInteger(value) || size >= 1000) return format(value, { maximumFractionDigits: 0 });
  if (size >= 0.01) return format(value, size < 1 ? { minimumFractionDigits: 4, maximumFractionDigits: 4 } : { minimumSignificantDigits: 4, maximumSignificantDigits: 4 });
  return format(value, size >= 1e-4 ? { maximumSignificantDigits: 3 } : { notation: "scientific", maximumSignificantDigits: 4 });
}
function duration(seconds) {
  if (seconds < 59.95) return t("seconds", { n: format(seconds, { minimumFractionDigits: 1, maximumFractionDigits: 1 }) });
  const minutes = Math.floor(Math.round(seconds) / 60);
  if (minutes < 60) return t("minutes", { n: minutes, rest: Math.round(seconds) % 60 });
  return t("hours", { n: Math.floor(minutes / 60), rest: minutes % 60 });
}
const short = (text, length) => (text.length > length ? text.slice(0, length - 1) + "…" : text);

// Candidates
const kindOf = (code) => (code < 0 ? 0 : ((F.choices.kind[code] - 1) % 6) + 1);
const titleOf = (code) => (code < 0 ? "?" : F.choices.title[code]);
const network = (i) => C.codes[i].map(titleOf).join(" › ");
const failed = (i) => C.score[i] === null;
const BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
// What the agent thought: for each place a probability for each row.
function thoughts(i) {
  const n = F.rows.length, text = C.thoughts[i];
  return Array.from({ length: text.length / n }, (_, place) => Array.from({ length: n }, (_, row) => BASE62.indexOf(text[place * n + row]) / 61));
}
function describe(i) {
  const lines = [t("candidate", { n: whole(C.number[i] + 1) }), network(i)];
  lines.push(failed(i) ? `${T.failed}: ${C.error[i]}` : `${F.metric.title} ${number(C.value[i])}`);
  lines.push(`${t("n_parameters", { n: whole(C.parameters[i]) })} · ${duration(C.seconds[i])}`);
  return lines.join("\n");
}

const tip = document.getElementById("tip");
function showTip(event, text) {
  tip.textContent = text;
  tip.hidden = false;
  const x = Math.min(event.clientX + 14, innerWidth - tip.offsetWidth - 8);
  tip.style.left = Math.max(8, x) + "px";
  tip.style.top = (event.clientY + 16 + tip.offsetHeight > innerHeight ? event.clientY - tip.offsetHeight - 10 : event.clientY + 16) + "px";
}
const hideTip = () => { tip.hidden = true; };

// The candidate that player, charts and table speak of.
const listeners = [];
let chosen = 0;
function choose(i) {
  chosen = Math.max(0, Math.min(N - 1, i));
  listeners.forEach((listener) => listener(chosen));
}
