import type { Account, Actor, Label, Repository } from "../model.ts";
import { invalid } from "../refusal.ts";
import type { GitHubState } from "../state.ts";
import { requireAccess } from "./access.ts";
import { lengthOf } from "./text-limits.ts";

/** The colour GitHub gives to a label that is made by using it. */
const PLAIN = "ededed";

/** Label names are the same whatever their case. */
export function labelNamed(repository: Repository, name: string): Label | null {
  return repository.labels.get(name.toLowerCase()) ?? null;
}

/** Makes a label without asking whether the sender may. */
export function makeLabel(
  state: GitHubState,
  sender: Account,
  repository: Repository,
  name: string,
  color = PLAIN,
  description: string | null = null,
): Label {
  const label: Label = { kind: "label", ...state.identify("label"), name, color, description, createdAt: state.now() };
  repository.labels.set(name.toLowerCase(), state.register(label));
  state.emit({ name: "label", action: "created", sender, repository, label });
  return label;
}

/** Makes a label. Refused with `already_exists` when there is one of that name. */
export async function createLabel(
  state: GitHubState,
  actor: Actor,
  repository: Repository,
  input: { readonly name: string; readonly color: string; readonly description: string | null },
): Promise<Label> {
  const sender = requireAccess(state, actor, repository, {
    app: [
      ["issues", "write"],
      ["pull_requests", "write"],
    ],
    role: "write",
    hidden: true,
  });
  const { name, color, description } = input;
  if (name.trim() === "") throw invalid({ resource: "Label", code: "missing_field", field: "name" });
  if (lengthOf(name) > 50) {
    throw invalid({ resource: "Label", code: "custom", field: "name", message: "name is too long (maximum is 50 characters)" });
  }
  if (!/^[0-9a-fA-F]{6}$/.test(color)) throw invalid({ resource: "Label", code: "invalid", field: "color" });
  if (description !== null && lengthOf(description) > 100) {
    throw invalid({
      resource: "Label",
      code: "custom",
      field: "description",
      message: "description is too long (maximum is 100 characters)",
    });
  }
  if (labelNamed(repository, name) !== null) throw invalid({ resource: "Label", code: "already_exists", field: "name" });
  return makeLabel(state, sender, repository, name, color, description);
}
