import { h } from "./dom.js";
import { t } from "./texts.js";

// Fields that the page asks for in its own way.
const OWN = new Set(["dataset_uri", "target", "name", "algorithm", "budget_minutes", "deadline", "column_types", "exclude_columns"]);

// The rest of the job's fields, from its schema, folded by section.
export function settings(schema, job) {
  const sections = new Map();
  for (const [name, field] of Object.entries(schema)) {
    if (OWN.has(name)) continue;
    const section = field.section || "Search";
    if (!sections.has(section)) sections.set(section, []);
    sections.get(section).push(row(name, field, job));
  }
  return h("details", { class: "card" }, h("summary", {}, h("h2", {}, t("advanced"))),
    [...sections].map(([section, rows]) => h("details", {}, h("summary", {}, t(section)), h("div", { class: "settings" }, rows))));
}

function row(name, field, job) {
  const kind = [field.type].flat().find((one) => one !== "null"), now = name in job ? job[name] : field.default;
  const id = `set-${name}`;
  const set = (value) => { if (value === "" || value === undefined || Number.isNaN(value)) delete job[name]; else job[name] = value; };
  const fallback = field.default === null || field.default === undefined || field.default === "" || kind === "array" ? "" : t("default_is", { value: field.default });
  let input;
  if (field.enum) input = h("select", { id, onchange: () => set(input.value) }, field.enum.map((value) => h("option", { value, selected: value === now }, value)));
  else if (kind === "boolean") input = h("input", { id, type: "checkbox", checked: Boolean(now), onchange: () => set(input.checked) });
  else if (kind === "number" || kind === "integer") input = h("input", { id, type: "number", step: kind === "integer" ? 1 : "any", min: field.minimum, max: field.maximum, placeholder: field.default, value: name in job ? job[name] : "", onchange: () => set(input.value === "" ? "" : Number(input.value)) });
  else if (kind === "array") input = h("input", { id, value: (now || []).join(", "), onchange: () => set(input.value ? input.value.split(",").map((part) => part.trim()).filter(Boolean) : undefined) });
  else input = h("input", { id, value: name in job ? job[name] : "", placeholder: (field.examples || [""])[0], onchange: () => set(input.value) });
  return h("div", { class: "setting" }, h("label", { for: id }, field.title), input, h("p", { class: "muted small" }, plain(field.description), " ", fallback));
}
const plain = (text) => text.replaceAll("`", "").replace(/\s+/g, " ");
