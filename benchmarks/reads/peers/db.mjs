// Prepared statements over a pool: what the hand-written peers ask the database with.
import postgres from "postgres";

const sql = postgres({ max: 8 });
export const query = (text, values) => sql.unsafe(text, values, { prepare: true });
