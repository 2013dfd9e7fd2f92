export type EndpointChoice<T> =
  | { readonly ok: true; readonly name: string; readonly endpoint: T }
  /** `problem` says what is configured and what to do, for people. */
  | { readonly ok: false; readonly problem: string };

/**
 * The operator's endpoint that a repository's config means. A config names one, or nothing when there is exactly one; so a
 * second endpoint never quietly takes over what was meant for the first.
 */
export function chooseEndpoint<T>(product: string, endpoints: ReadonlyMap<string, T>, wanted: string | null): EndpointChoice<T> {
  const names = [...endpoints.keys()].toSorted();
  const listed = names.map((name) => `"${name}"`).join(", ");
  const known = names.length === 0 ? "none is configured" : `configured: ${listed}`;
  if (wanted === null) {
    const only = names.length === 1 ? names[0] : undefined;
    const endpoint = only === undefined ? undefined : endpoints.get(only);
    if (only !== undefined && endpoint !== undefined) return { ok: true, name: only, endpoint };
    const what = names.length === 0 ? `No ${product} is configured` : `The environment does not say which ${product} it means`;
    const todo = names.length === 0 ? "The operator gives one by environment variables" : `Name one of them (${known})`;
    return { ok: false, problem: `${what}. ${todo}.` };
  }
  const endpoint = endpoints.get(wanted);
  if (endpoint !== undefined) return { ok: true, name: wanted, endpoint };
  return { ok: false, problem: `There is no ${product} named "${wanted}" (${known}). Correct the name, or ask the operator to add it.` };
}
