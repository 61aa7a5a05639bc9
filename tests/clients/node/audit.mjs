// node audit.mjs URL
// Runs every audit of the GraphQL over HTTP specification; prints [{"id", "name", "status": ok|notice|warn|error, "reason"}].
import { serverAudits } from "graphql-http";

const [url] = process.argv.slice(2);
const results = [];
for (const audit of serverAudits({ url, fetchFn: fetch })) {
  const { id, name, status, reason } = await audit.fn();
  results.push({ id, name, status, reason });
}
console.log(JSON.stringify(results));
