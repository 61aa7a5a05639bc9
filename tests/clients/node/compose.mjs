// node compose.mjs SDLFILE…
// Composes the subgraphs into a supergraph; prints {"errors": [{"code", "message"}], "hints": [{"code", "message"}]}.
import { readFileSync } from "node:fs";
import { basename } from "node:path";

import { composeServices } from "@apollo/composition";
import { parse } from "graphql";

const services = process.argv.slice(2).map((file) => ({
  name: basename(file, ".graphql"),
  url: "http://subgraph.example/graphql",
  typeDefs: parse(readFileSync(file, "utf8")),
}));
const { errors = [], hints = [] } = composeServices(services);
console.log(
  JSON.stringify({
    errors: errors.map((error) => ({ code: error.extensions?.code, message: error.message })),
    hints: hints.map((hint) => ({ code: hint.definition.code, message: hint.message })),
  }),
);
