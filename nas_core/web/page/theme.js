"use strict";
// The look and the language that Airflow's own pages have at the moment, before anything is drawn.
(() => {
  const host = () => {
    try { return window.parent === window ? null : window.parent.document.documentElement; } catch { return null; }
  };
  const kept = (name) => { try { return localStorage.getItem(name); } catch { return null; } };
  const paint = () => {
    const airflow = host(), asked = (kept("theme") || "").replaceAll('"', "");
    const isDark = airflow ? airflow.classList.contains("dark")
      : asked === "dark" || (asked !== "light" && matchMedia("(prefers-color-scheme: dark)").matches);
    document.documentElement.dataset.theme = isDark ? "dark" : "light";
    document.documentElement.style.colorScheme = isDark ? "dark" : "light";
    document.dispatchEvent(new Event("look"));
  };
  document.documentElement.lang = (kept("i18nextLng") || navigator.language || "en").startsWith("ru") ? "ru" : "en";
  paint();
  const airflow = host();
  if (airflow) new MutationObserver(paint).observe(airflow, { attributeFilter: ["class"] });
  addEventListener("storage", paint);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", paint);
})();
