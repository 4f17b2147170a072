// PostGraphile 5 as its guide sets it up, on the same schema.
import { createServer } from "node:http";
import { postgraphile } from "postgraphile";
import { makePgService } from "postgraphile/adaptors/pg";
import { grafserv } from "postgraphile/grafserv/node";
import { PostGraphileAmberPreset } from "postgraphile/presets/amber";

void grafserv;
const served = postgraphile({
  extends: [PostGraphileAmberPreset],
  pgServices: [makePgService({ connectionString: process.env.PGSOCKET, schemas: ["read_model"], poolConfig: { max: 8 } })],
  grafserv: { graphqlPath: "/graphql", graphiql: false, watch: false },
  grafast: { explain: false },
  schema: { defaultBehavior: "+connection +list" },
}).createServ(grafserv);
const server = createServer();
await served.addTo(server);
server.listen(+process.env.PORT, "127.0.0.1");
