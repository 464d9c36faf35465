// Addresses are relative to /nas/, so that Airflow may live below a path.
export class Problem extends Error {
  constructor(body, status) {
    super(body.detail || body.title || `HTTP ${status}`);
    this.status = status;
    this.errors = body.errors || [];
  }
}

export const runPath = ({ dag_id, run_id }) => `api/v1/runs/${encodeURIComponent(dag_id)}/${encodeURIComponent(run_id)}`;
export const runLink = ({ dag_id, run_id }, more = "") => `?dag=${encodeURIComponent(dag_id)}&run=${encodeURIComponent(run_id)}${more}`;
export const pathOf = (part) => part.split("/").map(encodeURIComponent).join("/");

export async function call(method, path, body) {
  const headers = { "Accept-Language": document.documentElement.lang, ...(body === undefined ? {} : { "Content-Type": "application/json" }) };
  const answer = await fetch(path, { method, headers, body: body === undefined ? undefined : JSON.stringify(body) });
  if (!answer.ok) throw new Problem(await answer.json().catch(() => ({})), answer.status);
  return answer.status === 204 ? null : answer.json();
}
export const get = (path) => call("GET", path);
export const post = (path, body) => call("POST", path, body);

// Send a file as it lies on the disk, telling how far it is; abort() of the answer ends it.
export function send(path, file, onProgress, { method = "POST", accept } = {}) {
  const request = new XMLHttpRequest();
  const done = new Promise((resolve, reject) => {
    request.upload.onprogress = (event) => onProgress(event.loaded, event.total);
    request.onload = () => {
      const isJson = (request.getResponseHeader("content-type") || "").includes("json");
      const body = isJson ? JSON.parse(request.responseText) : request.response;
      if (request.status < 300) resolve(body);
      else reject(new Problem(isJson ? body : {}, request.status));
    };
    request.onerror = () => reject(new Problem({}, 0));
    request.onabort = () => reject(new Problem({ detail: "aborted" }, -1));
  });
  request.open(method, path);
  request.setRequestHeader("Accept-Language", document.documentElement.lang);
  if (accept) request.setRequestHeader("Accept", accept);
  request.send(file);
  done.abort = () => request.abort();
  return done;
}

// The log of a stage, through Airflow's own interface: lines of {level, event}, what is ours alone.
export async function log({ dag_id, run_id }, stage, number) {
  const path = `../api/v2/dags/${encodeURIComponent(dag_id)}/dagRuns/${encodeURIComponent(run_id)}/taskInstances/${stage}/logs/${Math.max(number, 1)}`;
  const answer = await fetch(path, { headers: { Accept: "application/json" } });
  if (!answer.ok) return [];
  const { content } = await answer.json();
  return (Array.isArray(content) ? content : []).filter((line) => line && line.event !== undefined)
    .filter((line) => String(line.logger || "").includes("nas_core") || ["error", "critical"].includes(line.level));
}
