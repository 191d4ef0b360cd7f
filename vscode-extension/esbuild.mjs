import { copyFile, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import esbuild from "esbuild";

const production = process.argv.includes("--production");
const common = { bundle: true, minify: production, sourcemap: !production, logLevel: "warning" };

await rm("dist", { recursive: true, force: true });
await mkdir("dist/webview", { recursive: true });
for (const file of ["codicon.css", "codicon.ttf"]) {
  await copyFile(`node_modules/@vscode/codicons/dist/${file}`, `dist/webview/${file}`);
}
for (const file of ["panel.css", "pages.css"]) {
  await copyFile(`webview/${file}`, `dist/webview/${file}`);
}

// The extension's page shows pictures of public addresses alone: what lies beside the text, or in it, is a broken one.
const page = await readFile("README.md", "utf8");
await writeFile("dist/README.md", page.replace(/!\[[^\]]*\]\(media\/[^)]*\)\n\n/g, ""));

// The language client is a file of its own, read when the server is first needed.
const separateClient = {
  name: "separate-client",
  setup: (build) =>
    build.onResolve({ filter: /^vscode-languageclient\/node$/ }, () => ({
      path: "./client.js",
      external: true,
    })),
};

// One module re-exports VS Code's interface: a copy of its properties for each file takes 20 ms at activation.
const sharedInterface = {
  name: "shared-interface",
  setup: (build) => {
    build.onResolve({ filter: /^vscode$/ }, ({ namespace }) =>
      namespace === "shared" ? { path: "vscode", external: true } : { path: "vscode", namespace: "shared" },
    );
    build.onLoad({ filter: /./, namespace: "shared" }, () => ({ contents: 'export * from "vscode"' }));
  },
};

const contexts = await Promise.all([
  esbuild.context({
    ...common,
    entryPoints: ["src/extension.ts"],
    outfile: "dist/extension.js",
    platform: "node",
    target: "node20",
    format: "cjs",
    plugins: [separateClient, sharedInterface],
    supported: { "dynamic-import": false },
  }),
  esbuild.context({
    ...common,
    entryPoints: { client: "vscode-languageclient/node" },
    outdir: "dist",
    platform: "node",
    target: "node20",
    format: "cjs",
    external: ["vscode"],
  }),
  esbuild.context({
    ...common,
    entryPoints: ["webview/main.ts"],
    outfile: "dist/webview/main.js",
    platform: "browser",
    target: "es2022",
    format: "iife",
  }),
]);
if (process.argv.includes("--watch")) {
  await Promise.all(contexts.map((context) => context.watch()));
} else {
  await Promise.all(contexts.map((context) => context.rebuild()));
  await Promise.all(contexts.map((context) => context.dispose()));
}
