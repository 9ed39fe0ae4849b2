// Reads queries, [{place, text}], and writes what is wrong with them, [string]: Kusto's own parser and analysis, which
// knows the tables, their columns and types (tables.json) and every function. It asks no service and runs no query.
"use strict";
const fs = require("fs");

// Both define globals. The first one, Bridge.NET's run-time, has to be there when the second is loaded.
require("@kusto/language-service-next/bridge.min.js");
require("@kusto/language-service-next/Kusto.Language.Bridge.min.js");
const { GlobalState, KustoCode, Symbols } = globalThis.Kusto.Language;
const table = (name, columns) => new Symbols.TableSymbol.$ctor7(name, `(${columns})`, null);

function database() {
  const { every, application, workspace } = JSON.parse(fs.readFileSync(`${__dirname}/tables.json`, "utf-8"));
  const tables = Object.entries(application).map(([name, columns]) => table(name, `${every}, ${columns}`));
  tables.push(...Object.entries(workspace).map(([name, columns]) => table(name, columns)));
  return new Symbols.DatabaseSymbol.ctor("insights", tables);
}

function faults({ place, text }, known) {
  const code = KustoCode.ParseAndAnalyze(text, known);
  const found = code.GetDiagnostics();
  return Array.from({ length: found.Count }, (_, index) => {
    const { Start, Message, Code } = found.getItem(index);
    const before = text.slice(0, Start).split("\n");
    return `${place}: line ${before.length}, column ${before.at(-1).length + 1} of the query: ${Message} (${Code})`;
  });
}

const known = GlobalState.Default.WithDatabase(database());
const queries = JSON.parse(fs.readFileSync(0, "utf-8"));
process.stdout.write(JSON.stringify(queries.flatMap((query) => faults(query, known))));
