/**
 * Why somebody should look at a repository again. A hint carries no decision: it only says which
 * answers have become old. Losing one costs time, doubling one costs nothing.
 */
export type Hint =
  /** Look at everything afresh: a start, the sweep, an installation. */
  | { readonly kind: "sweep" }
  /** Something happened on GitHub. */
  | { readonly kind: "forge" }
  /** A registry says that a repository (normalised) has something new. */
  | { readonly kind: "registry"; readonly repository: string }
  /** Argo CD or an alert says that the cluster changed. */
  | { readonly kind: "cluster" }
  /** A moment that an earlier look asked to be woken at. */
  | { readonly kind: "due" };
