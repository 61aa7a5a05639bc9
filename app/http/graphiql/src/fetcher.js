import { createGraphiQLFetcher } from "@graphiql/toolkit";
import { Kind, parse } from "graphql";

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
  return send(...withCurrentOperation(parameters, { ...options, headers }));
}

/**
 * Reads the operation from the text that is sent.
 *
 * GraphiQL learns of an edit a tenth of a second late: who pastes a query and runs it at once would send the name of the
 * operation that stood there before, and a subscription by POST.
 */
function withCurrentOperation(parameters, options) {
  let documentAST;
  try {
    documentAST = parse(parameters.query);
  } catch {
    // The server tells best what is wrong with the text.
    return [{ ...parameters, operationName: undefined }, options];
  }
  const names = documentAST.definitions
    .filter((definition) => definition.kind === Kind.OPERATION_DEFINITION)
    .map((operation) => operation.name?.value);
  const operationName = names.includes(parameters.operationName) || names.length !== 1 ? parameters.operationName : names[0];
  return [{ ...parameters, operationName }, { ...options, documentAST }];
}
