// A small service: health, a hash, sorting by language, a request to itself.
import crypto from "node:crypto";
import http from "node:http";

const answers = {
  "/healthz": () => "ok",
  "/hash": (url) => crypto.createHash("sha256").update(url.searchParams.get("of") ?? "").digest("hex"),
  "/sorted": () => ["z", "\u00e4", "a"].sort(new Intl.Collator("sv").compare).join(""),
  "/fetched": async () => (await fetch("http://127.0.0.1:8080/healthz")).text(),
};

const server = http.createServer(async (request, response) => {
  const url = new URL(request.url, "http://here");
  const answer = answers[url.pathname];
  response.statusCode = answer ? 200 : 404;
  response.end(answer ? await answer(url) : "nothing here");
});
server.listen(8080);

// The first process of a container gets no default action for this signal.
process.on("SIGTERM", () => process.exit(0));
