import { h, s } from "./dom.js";
import { t } from "./texts.js";
import { number, percent, short, whole } from "./format.js";

const AT_FIRST = 12, A_ROW = 8;

// Pictures of a dataset: a row a class with its count and some of its pictures, or, for numbers, pictures with theirs.
export function gallery({ n, shape, groups, shown }, isClasses) {
  const size = h("p", { class: "muted small" }, t("seen_as", { height: shape[0], width: shape[1], colours: t(shape[2] === 1 ? "grey" : "coloured") }));
  if (!isClasses || !groups.length) return [size, h("div", { class: "thumbs" }, shown.map((one) => thumb(one, true)))];
  const most = Math.max(...groups.map((group) => group.n)), lines = groups.map((group) => line(group, shown, most, n));
  return [size, h("div", { class: "classes" }, lines.slice(0, AT_FIRST)),
    lines.length > AT_FIRST ? h("details", {}, h("summary", {}, t("more_classes", { n: whole(lines.length - AT_FIRST) })), h("div", { class: "classes" }, lines.slice(AT_FIRST))) : ""];
}

function line(group, shown, most, n) {
  const own = shown.filter((one) => one.value === group.value).slice(0, A_ROW);
  return h("div", { class: "class" },
    h("div", {}, h("b", { title: group.value }, short(group.value, 24)), h("span", { class: "muted small" }, ` ${whole(group.n)} · ${percent(group.n / n)}`),
      s("svg", { viewBox: "0 0 100 4", preserveAspectRatio: "none", class: "share", "aria-hidden": "true" }, s("rect", { width: 100, height: 4, class: "fill-faint" }), s("rect", { width: Math.max(1, 100 * group.n / most), height: 4, class: "fill-blue" }))),
    h("div", { class: "thumbs" }, own.map((one) => thumb(one, false))));
}

function thumb(one, isTold) {
  const value = one.value === null ? "" : Number.isFinite(+one.value) ? number(+one.value) : one.value;
  return h("figure", { class: "thumb" }, h("img", { src: one.uri, alt: [value, one.file].filter(Boolean).join(", "), title: one.file || "", loading: "lazy" }), isTold && value !== "" ? h("figcaption", { class: "muted small" }, short(value, 14)) : "");
}
