import { show, h } from "./dom.js";
import { get } from "./api.js";
import { t } from "./texts.js";
import { list } from "./list.js";
import { create } from "./create.js";
import { run } from "./run.js";
import { compare } from "./compare.js";

// Every view is an address of its own (?new, ?dag=…&run=…, ?compare=…): links, reload and the back button simply work.
async function main() {
  const asked = new URLSearchParams(location.search);
  try {
    const me = await get("api/v1/me");
    if (asked.has("new")) await create(me, asked);
    else if (asked.has("compare")) await compare(asked.get("compare").split(",").map((pair) => pair.split("/").map(decodeURIComponent)));
    else if (asked.has("run")) await run(me, { dag_id: asked.get("dag"), run_id: asked.get("run") }, asked.get("tab"));
    else await list(me);
  } catch (error) {
    show(h("div", { class: "empty" }, h("h1", {}, t("something_wrong")), h("p", {}, error.message), h("a", { class: "button", href: "?" }, t("back"))));
    if (!error.status) throw error;
  }
}
main();
