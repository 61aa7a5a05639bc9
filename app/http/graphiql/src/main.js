import "graphiql/setup-workers/vite";
// The parts of graphiql/style.css without its copy of the editor's own styles and without Roboto: 130 kB instead of 630.
import "@graphiql/react/font/fira-code.css";
import "@graphiql/react/style.css";
import "@graphiql/plugin-doc-explorer/style.css";
import "@graphiql/plugin-history/style.css";
import "graphiql/graphiql.css";
import "@graphiql/plugin-explorer/style.css";
import "./page.css";

import { explorerPlugin } from "@graphiql/plugin-explorer";
import { GraphiQL, HISTORY_PLUGIN } from "graphiql";
import { createElement } from "react";
import { createRoot } from "react-dom/client";

import { fetcher } from "./fetcher.js";
import { tabs } from "./tabs.js";

// Tabs and history live in the browser's storage. Headers do not, unless someone turns that on in the settings: they hold tokens.
const page = createElement(
  GraphiQL,
  {
    fetcher,
    defaultTabs: tabs,
    plugins: [HISTORY_PLUGIN, explorerPlugin({ showAttribution: false })],
    inputValueDeprecation: true,
    schemaDescription: true,
    defaultEditorToolsVisibility: "headers",
  },
  createElement(GraphiQL.Logo, null, "Tradepost"),
);

createRoot(document.getElementById("graphiql")).render(page);
