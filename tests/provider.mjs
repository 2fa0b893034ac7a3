// A real OpenID Connect provider for tests: npm's oidc-provider, with one client and whoever signs in by a name.
// argv: port, client id, client secret, redirect URI[, key, certificate]. Says "ready" once it listens.
import { readFileSync } from "node:fs";
import http from "node:http";
import https from "node:https";

import Provider from "oidc-provider";

const [port, clientId, clientSecret, redirectUri, key, certificate] = process.argv.slice(2);
const scheme = key ? "https" : "http";
// What a subject is called and belongs to is in the name that it signs in with: "anna;ops,dev".
const claimsOf = (sub) => {
  const [name, groups = ""] = sub.split(";");
  return { sub, preferred_username: name, name: `${name} of the provider`, email: `${name}@example.com`, groups: groups.split(",").filter(Boolean) };
};

const provider = new Provider(`${scheme}://127.0.0.1:${port}`, {
  clients: [{ client_id: clientId, client_secret: clientSecret, redirect_uris: [redirectUri], grant_types: ["authorization_code"], response_types: ["code"] }],
  claims: { openid: ["sub"], profile: ["preferred_username", "name"], email: ["email"], groups: ["groups"] },
  scopes: ["openid", "profile", "email", "groups"],
  pkce: { required: () => true },
  cookies: { keys: ["only for tests"] },
  findAccount: (_ctx, id) => ({ accountId: id, claims: () => claimsOf(id) }),
  features: { devInteractions: { enabled: true } },
});
const listener = key ? https.createServer({ key: readFileSync(key), cert: readFileSync(certificate) }, provider.callback()) : http.createServer(provider.callback());
listener.listen(Number(port), "127.0.0.1", () => console.log("ready"));
