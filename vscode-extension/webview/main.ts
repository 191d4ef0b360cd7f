import { App, type Host } from "./app";

new App(document.body, acquireVsCodeApi() as unknown as Host);
