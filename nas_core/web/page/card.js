// A card on Airflow's dashboard: the latest networks. Airflow's own React draws it.
const { createElement: h, useEffect, useState } = globalThis.React;
const isRussian = (localStorage.getItem("i18nextLng") || "").startsWith("ru");
const STATES = isRussian ? { queued: "ждёт", running: "идёт", success: "готово", failed: "ошибка" } : { queued: "waiting", running: "running", success: "done", failed: "failed" };
const COLOURS = { queued: "#6b7783", running: "#2a7ab8", success: "#12855f", failed: "#c2410c" };
const address = (path) => new URL(path, document.baseURI).href;
const view = (query) => address(`plugin/networks${new URL("nas/", document.baseURI).pathname}${query}`);
const figure = (value) => (value === null ? "" : new Intl.NumberFormat(isRussian ? "ru" : "en", { maximumSignificantDigits: 4 }).format(value));

function NetworksCard() {
  const [runs, setRuns] = useState(null);
  useEffect(() => {
    let isOver = false;
    const look = () => fetch(address("nas/api/v1/runs?limit=4")).then((answer) => (answer.ok ? answer.json() : null)).then((found) => { if (!isOver && found) setRuns(found.runs); }, () => {});
    look();
    const timer = setInterval(() => { if (!document.hidden) look(); }, 15000);
    return () => { isOver = true; clearInterval(timer); };
  }, []);
  if (!runs) return null;
  const line = (run) => h("a", { key: run.run_id, href: view(`?dag=${encodeURIComponent(run.dag_id)}&run=${encodeURIComponent(run.run_id)}`), style: { display: "flex", gap: 10, padding: "5px 0", alignItems: "baseline" } },
    h("span", { style: { fontWeight: 600, flex: 1, overflow: "hidden", textOverflow: "ellipsis", whiteSpace: "nowrap" } }, run.name, h("span", { style: { fontWeight: 400, opacity: 0.7 } }, run.target ? `  ${run.target}` : "")),
    h("span", { style: { opacity: 0.85 } }, run.value === null ? "" : `${figure(run.value)} ${run.metric.title}`),
    h("span", { style: { color: COLOURS[run.state], fontWeight: 600, minWidth: 64, textAlign: "right" } }, STATES[run.state] || run.state));
  return h("section", { style: { border: "1px solid var(--chakra-colors-border, #d9e0e7)", borderRadius: 8, padding: "12px 16px", margin: "8px 0", fontSize: 14 } },
    h("div", { style: { display: "flex", justifyContent: "space-between", marginBottom: 4 } }, h("strong", null, isRussian ? "Сети" : "Networks"), h("a", { href: address("plugin/networks") }, isRussian ? "все" : "all")),
    runs.length ? runs.map(line) : h("a", { href: view("?new") }, isRussian ? "Перетащите таблицу и получите сеть" : "Drop a table, get a network"));
}
globalThis.NetworksCard = NetworksCard;
