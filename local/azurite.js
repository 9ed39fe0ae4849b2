// Runs Azurite for the local workspace, with two changes to the way it lives and saves.
//
// 1. It ends with its parent. The parent holds the other end of our standard input; when the parent dies, even by
//    kill -9, the pipe closes and we ask ourselves to stop the regular way, so that Azurite still writes its state.
// 2. It saves soon. Azurite keeps tables and blob metadata in LokiJS databases in memory and writes changed ones every
//    5 seconds. A kill -9 of everything would lose runs that were already accepted, so we write after half a second.
//    A save writes the whole database; to keep large ones cheap, we then wait 20 times as long as the save took, which
//    bounds saving to about 5 % of the time.
"use strict";

const path = require("path");

const MIN_INTERVAL_MS = 500;
const REST_PER_SAVE = 20;
const SHUTDOWN_LIMIT_MS = 8000;

const main = path.resolve(process.argv[2]);
process.argv = [process.argv[0], main, ...process.argv.slice(3)];

const Loki = require(require.resolve("lokijs", { paths: [path.dirname(main)] }));

// Per database, the current activation of autosave: a save that ends after autosaveDisable() must not start a new round.
// Kept outside the database object because Loki writes its own properties to the file.
const rounds = new WeakMap();

Loki.prototype.autosaveEnable = function (_options, callback) {
  const db = this;
  db.autosaveDisable();
  db.autosave = true;
  const round = {};
  rounds.set(db, round);
  const plan = (delay) => {
    if (rounds.get(db) === round) db.autosaveHandle = setTimeout(saveIfDirty, delay);
  };
  const saveIfDirty = () => {
    if (!db.autosaveDirty() || db.ignoreAutosave) return plan(MIN_INTERVAL_MS);
    const began = performance.now();
    db.saveDatabase((error) => {
      if (error) console.error(`Saving ${db.filename} failed: ${error.message || error}`);
      if (typeof callback === "function") callback(error);
      plan(Math.max(MIN_INTERVAL_MS, REST_PER_SAVE * (performance.now() - began)));
    });
  };
  plan(MIN_INTERVAL_MS);
};

Loki.prototype.autosaveDisable = function () {
  clearTimeout(this.autosaveHandle);
  this.autosaveHandle = null;
  rounds.delete(this);
};

let stopping = false;
function stop() {
  if (stopping) return;
  stopping = true;
  // Until Azurite is up and has added its own handler, there is nothing to write.
  if (process.listenerCount("SIGTERM") < 2) process.exit(0);
  // A client that holds a connection open could keep the server, and so this process, alive for ever.
  setTimeout(() => process.exit(0), SHUTDOWN_LIMIT_MS).unref();
}
process.on("SIGTERM", stop);

process.stdin.on("end", () => process.kill(process.pid, "SIGTERM"));
process.stdin.on("error", () => process.kill(process.pid, "SIGTERM"));
process.stdin.resume();
process.stdin.unref();

require(main);
