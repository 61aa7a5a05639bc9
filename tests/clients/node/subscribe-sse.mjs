// node subscribe-sse.mjs URL TOKEN COUNT [AFTER]
import { createClient } from "graphql-sse";

import { printChanges, readArguments } from "./catalog-changed.mjs";

const { url, token, count, after } = readArguments();
const client = createClient({
  url,
  headers: { authorization: `Bearer ${token}` },
  retryAttempts: 0,
});
await printChanges({ client, count, after });
