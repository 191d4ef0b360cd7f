// Checks the format of Lua files with StyLua's WebAssembly build, which downloads nothing; with
// `--write` formats them: `node stylua.mjs LIBRARY STYLUA_TOML [--write] FILE...`.
import { readFileSync, writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

const [library, style, ...rest] = process.argv.slice(2);
const stylua = await import(pathToFileURL(library));
const choices = {
  indent_type: stylua.IndentType,
  quote_style: stylua.QuoteStyle,
  call_parentheses: stylua.CallParenType,
  syntax: stylua.LuaVersion,
};

function configuration() {
  const config = stylua.Config.new();
  for (const [, key, value] of readFileSync(style, 'utf8').matchAll(/^(\w+) = "?(\w+)"?$/gm)) {
    config[key] = choices[key] ? choices[key][value] : Number(value);
  }
  return config;
}

const write = rest[0] === '--write';
for (const file of write ? rest.slice(1) : rest) {
  const text = readFileSync(file, 'utf8');
  const verify = stylua.OutputVerification.Full;
  const formatted = stylua.formatCode(text, configuration(), undefined, verify);
  if (formatted === text) continue;
  if (write) writeFileSync(file, formatted);
  else process.exitCode = 1;
  console.log(`${write ? 'formatted' : 'would format'}: ${file}`);
}
