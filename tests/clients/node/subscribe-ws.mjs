// node subscribe-ws.mjs URL TOKEN COUNT [AFTER]
import { createClient } from "graphql-ws";
import { WebSocket } from "ws";

import { printChanges, readArguments } from "./catalog-changed.mjs";

const { url, token, count, after } = readArguments();
const client = createClient({
  url: url.replace(/^http/, "ws"),
  webSocketImpl: WebSocket,
  connectionParams: { authorization: `Bearer ${token}` },
  retryAttempts: 0,
});
await printChanges({ client, count, after });
