// Fastify and Mercurius, operations compiled by graphql-jit after their first use.
import Fastify from "fastify";
import mercurius from "mercurius";
import { query } from "./db.mjs";
import { makeAllTitles, sdl } from "./model.mjs";

const app = Fastify();
app.register(mercurius, { schema: sdl, resolvers: { Query: { allTitles: makeAllTitles(query) } }, jit: 1 });
await app.listen({ port: +process.env.PORT, host: "127.0.0.1" });
