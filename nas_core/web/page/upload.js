import { get, post, send } from "./api.js";

const PART = 4 << 20, TRIES = 5;
const path = (key) => `api/v1/uploads/parts/${key}`;
const MARK = "nas-upload:";
const markOf = (file) => `${MARK}${file.size}:${file.lastModified}:${file.name}`;
const kept = (act) => { try { return act(localStorage); } catch { return null; } };  // a browser may keep nothing

// Names of the files whose sending was interrupted.
export const interrupted = () => kept((store) => Object.keys(store).filter((key) => key.startsWith(MARK)).map((key) => key.split(":").slice(3).join(":"))) || [];

// Send a file in parts: a lost connection is tried again, and after a reload the same file goes on where it stopped.
// The answer is its address; abort() of the answer ends it.
export function upload(file, onProgress) {
  const mark = markOf(file);
  let part = null, isOver = false;
  async function begun() {
    const key = kept((store) => store.getItem(mark));
    const found = key && await get(path(key)).catch((error) => { if (error.status !== 404) throw error; return null; });
    return found || post(`api/v1/uploads/parts?name=${encodeURIComponent(file.name)}&size=${file.size}`);
  }
  async function run() {
    let at = await begun(), failures = 0;
    kept((store) => store.setItem(mark, at.key));
    while (!at.dataset_uri) {
      try {
        if (failures) at = await get(path(at.key));
        onProgress(at.bytes, file.size);
        part = send(`${path(at.key)}?offset=${at.bytes}`, file.slice(at.bytes, at.bytes + PART), (done) => onProgress(at.bytes + done, file.size), { method: "PATCH" });
        at = await part;
        failures = 0;
      } catch (error) {
        if (isOver || (error.status > 0 && error.status < 500 && error.status !== 409) || ++failures > TRIES) throw error;
        await new Promise((resolve) => setTimeout(resolve, 300 * 2 ** failures));
      }
    }
    kept((store) => store.removeItem(mark));
    return at.dataset_uri;
  }
  const done = run();
  done.abort = () => { isOver = true; kept((store) => store.removeItem(mark)); if (part) part.abort(); };
  return done;
}
