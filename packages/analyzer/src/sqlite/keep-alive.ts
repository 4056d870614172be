// A way round a fault: on Node 24 better-sqlite3 12.11 aborts the process when a database, a statement or an iterator is collected
// as garbage (node::RemoveEnvironmentCleanupHook without an environment, in their destructors). There none ever is, as every
// database is opened here.
import Database from "better-sqlite3";

/** The last major version of Node without the fault. */
const SOUND_UNTIL_NODE = 22;

/** Whether databases and statements can be collected. */
export const canBeCollected: boolean = Number(process.versions.node.split(".")[0]) <= SOUND_UNTIL_NODE;

const kept: unknown[] = [];

/**
 * Opens a database that, with all statements and iterators that it will make, is kept until the process ends, if need be. Its
 * `pragma` must not be used: that prepares a statement of its own.
 * @throws Database.SqliteError if it cannot be opened
 */
export function connect(path: string, options?: Database.Options): Database.Database {
  const db = new Database(path, options);
  if (canBeCollected) return db;
  const prepare = db.prepare.bind(db) as (sql: string) => Database.Statement;
  kept.push(db);
  db.prepare = ((sql: string) => {
    const statement = prepare(sql);
    const iterate = statement.iterate.bind(statement);
    statement.iterate = (...values) => {
      const iterator = iterate(...values);
      kept.push(iterator);
      return iterator;
    };
    kept.push(statement);
    return statement;
  }) as typeof db.prepare;
  return db;
}
