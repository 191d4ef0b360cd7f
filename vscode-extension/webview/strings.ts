/** Translations, in the form of `vscode.l10n`. */

let bundle: Record<string, string> = {};

export function setStrings(strings: Record<string, string>): void {
  bundle = strings;
}

/** `message` in the user's language, with `{0}`, `{1}`, ... filled in. */
export function t(message: string, ...args: (string | number)[]): string {
  return (bundle[message] ?? message).replace(/\{(\d+)\}/g, (_, index: string) =>
    String(args[Number(index)]),
  );
}
