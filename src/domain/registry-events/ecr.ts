import { at, pushOf, type RegistryEvent } from "./registry-event.ts";

const REGION = /^[a-z]{2}(?:-[a-z]+)+-\d{1,2}$/;

/** Amazon ECR's `ECR Image Action`, as EventBridge passes it on untransformed (docs.aws.amazon.com, "Amazon ECR events and EventBridge"). */
export function parseEcr(body: unknown): RegistryEvent {
  const type = at(body, "detail-type");
  if (typeof type !== "string") return { invalid: "the body has no detail-type, so it is no event of EventBridge: send the whole matched event" };
  const [action, result] = [at(body, "detail", "action-type"), at(body, "detail", "result")];
  if (at(body, "source") !== "aws.ecr" || type !== "ECR Image Action" || action !== "PUSH" || result !== "SUCCESS") {
    return { ignored: "the event is not about a push that succeeded" };
  }
  const [account, region, name] = [at(body, "account"), at(body, "region"), at(body, "detail", "repository-name")];
  const told = typeof account === "string" && /^\d{12}$/.test(account) && typeof region === "string" && REGION.test(region);
  if (!told || typeof name !== "string") return { invalid: "the push event does not say which account, region and repository it is about" };
  const domain = domainOf(region);
  if (domain === null) return { invalid: "the push event is of a region whose registry Pinion does not know the name of" };
  return pushOf(`${account}.dkr.ecr.${region}.${domain}/${name}`, at(body, "detail", "image-tag"));
}

/** Registries of China have a name of their own, and so have isolated regions, whose names are not public. */
function domainOf(region: string): string | null {
  if (region.includes("-iso")) return null;
  return region.startsWith("cn-") ? "amazonaws.com.cn" : "amazonaws.com";
}
