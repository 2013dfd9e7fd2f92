import { at, pushOf, type RegistryEvent } from "./registry-event.ts";

/** Docker Hub's one event: a tag was pushed (docs.docker.com, "Docker Hub webhooks"). */
export function parseDockerHub(body: unknown): RegistryEvent {
  const tag = at(body, "push_data", "tag");
  if (typeof tag !== "string") return { invalid: "the body has no push_data.tag, so it is no event of Docker Hub" };
  const path = pathOf(at(body, "repository"));
  return pushOf(path === null ? null : `docker.io/${path}`, tag);
}

function pathOf(repository: unknown): string | null {
  const whole = at(repository, "repo_name");
  if (typeof whole === "string") return whole;
  const [namespace, name] = [at(repository, "namespace"), at(repository, "name")];
  return typeof namespace === "string" && typeof name === "string" ? `${namespace}/${name}` : null;
}
