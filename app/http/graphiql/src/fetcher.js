import { createGraphiQLFetcher } from "@graphiql/toolkit";

const http = new URL("./graphql", window.location.href);
const websocket = new URL(http);
websocket.protocol = http.protocol === "https:" ? "wss:" : "ws:";

const send = createGraphiQLFetcher({
  url: http.href,
  subscriptionUrl: websocket.href,
  // The server answers in one piece, so the fetcher asks for application/graphql-response+json and not for multipart.
  enableIncrementalDelivery: false,
});

/**
 * Sends queries and mutations by POST, subscriptions by graphql-transport-ws.
 *
 * The headers of the tab go with the request, or into the websocket's `connection_init` payload, where a browser can't set
 * headers. There the names are case-sensitive, so they are written in lower case, as on the wire.
 */
export function fetcher(parameters, options) {
  const headers = Object.fromEntries(
    Object.entries(options?.headers ?? {}).map(([name, value]) => [name.toLowerCase(), value]),
  );
  return send(parameters, { ...options, headers });
}
