import { LANGUAGE, t } from "./texts.js";

export const format = (value, options) => new Intl.NumberFormat(LANGUAGE, options).format(value);
export const whole = (value) => format(Math.round(value));
export const percent = (share) => format(share, { style: "percent", maximumFractionDigits: share && share < 0.1 ? 1 : 0 });
export function number(value) {
  if (value === null || value === undefined || !isFinite(value)) return "–";
  const size = Math.abs(value);
  if (Number.isInteger(value) || size >= 1000) return format(value, { maximumFractionDigits: 0 });
  if (size >= 0.01) return format(value, size < 1 ? { minimumFractionDigits: 4, maximumFractionDigits: 4 } : { maximumSignificantDigits: 4 });
  return format(value, size >= 1e-4 ? { maximumSignificantDigits: 3 } : { notation: "scientific", maximumSignificantDigits: 3 });
}
export const brief = (x) => format(x, Math.abs(x) >= 10000 ? { notation: "compact", maximumSignificantDigits: 3 } : { maximumSignificantDigits: 4 });
export function duration(seconds) {
  if (seconds === null || seconds === undefined) return "–";
  if (seconds < 59.5) return t("n_seconds", { n: Math.round(seconds) });
  const minutes = Math.floor(Math.round(seconds) / 60);
  if (minutes < 60) return t("n_minutes", { n: minutes, rest: Math.round(seconds) % 60 });
  return t("n_hours", { n: Math.floor(minutes / 60), rest: minutes % 60 });
}
export function bytes(n) {
  const units = ["B", "KB", "MB", "GB"];
  let power = 0;
  while (n >= 1000 && power < 3) { n /= 1000; power++; }
  return `${format(n, { maximumFractionDigits: power ? 1 : 0 })} ${units[power]}`;
}
export function ago(moment) {
  if (!moment) return "–";
  const seconds = (Date.parse(moment) - Date.now()) / 1000;
  const relative = new Intl.RelativeTimeFormat(LANGUAGE, { numeric: "auto" });
  for (const [unit, size] of [["day", 86400], ["hour", 3600], ["minute", 60]]) if (Math.abs(seconds) >= size) return relative.format(Math.round(seconds / size), unit);
  return t("just_now");
}
export const moment = (text) => new Intl.DateTimeFormat(LANGUAGE, { dateStyle: "medium", timeStyle: "short" }).format(new Date(text));
export const clock = (date) => new Intl.DateTimeFormat(LANGUAGE, { hour: "2-digit", minute: "2-digit" }).format(date);
export const short = (text, length) => (text.length > length ? `${text.slice(0, length - 1)}…` : text);
