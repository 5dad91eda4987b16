// A program as people write it with the client that openapi-typescript makes: `api.ts` is beside it.
import createClient from "openapi-fetch";
import type { components, paths } from "./api.ts";

declare const process: { argv: string[] };

type Video = components["schemas"]["VideoView"];

const [address, username, password] = process.argv.slice(2) as [string, string, string];
const stranger = createClient<paths>({ baseUrl: address });

const login = await stranger.POST("/api/v1/auth/login", { body: { username, password, cookies: false } });
const token = login.data?.accessToken;
const client = createClient<paths>({ baseUrl: address, headers: { Authorization: `Bearer ${token}` } });

const added = await client.POST("/api/v1/videos", {
  body: { url: "http://videos.example/joga", known: { artist: "Björk", title: "Jóga" }, profileId: "default" },
});
const video: Video | undefined = added.data && "title" in added.data ? added.data : undefined;

const page = await client.GET("/api/v1/videos", {
  params: { query: { limit: 10, filter: 'artist = "Björk"', include: ["profile", "run"] } },
});
const [first] = page.data?.items ?? [];

const absent = await client.GET("/api/v1/videos/{id}", { params: { path: { id: "nothing" } } });
const problem: components["schemas"]["Problem"] | undefined = absent.error;

const many = await client.POST("/api/v1/artists/bulk", { body: { items: [{ name: "ABBA" }, { name: " " }] } });

console.log(
  JSON.stringify({
    user: login.data?.user.username,
    added: [added.response.status, video?.title],
    listed: [first?.id === video?.id, first?.included?.profile?.profile.name, page.data?.items.length],
    problem: [absent.response.status, problem?.code],
    many: many.data?.results.map((each) => each.status),
  }),
);
