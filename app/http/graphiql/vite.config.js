import { defineConfig } from "vite";

export default defineConfig({
  // The server mounts the folder `assets` of the bundle at /graphql/assets.
  base: "/graphql/",
  build: {
    target: "es2022",
    // Every browser of that target preloads modules by itself.
    modulePreload: { polyfill: false },
    // Monaco, the editor, is one chunk of 3 MB; the warning would only teach people to ignore warnings.
    chunkSizeWarningLimit: 3000,
    rolldownOptions: {
      onwarn(warning, warn) {
        // Packages mark components for server rendering with "use client", which means nothing in a browser's bundle.
        if (warning.code !== "MODULE_LEVEL_DIRECTIVE") warn(warning);
      },
    },
  },
  worker: { format: "es" },
});
