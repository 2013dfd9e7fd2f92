/**
 * What one writes for a platform, with the variant that is meant where none is named: 64-bit ARM is v8, 32-bit ARM is v7 (containerd,
 * `platforms.Normalize`). Other spellings of the same architecture, which Go's names do not have, are put into those.
 */
export function platformName(os: string, architecture: string, variant: string): string {
  const name = ARCHITECTURES.get(architecture.toLowerCase()) ?? architecture.toLowerCase();
  const version = /^[0-9]/.test(variant) ? `v${variant}` : variant.toLowerCase();
  const meant = version === "" ? (VARIANTS.get(name) ?? "") : version;
  return [os.toLowerCase(), name, ...(meant === "" ? [] : [meant])].join("/");
}

const ARCHITECTURES: ReadonlyMap<string, string> = new Map([
  ["x86_64", "amd64"],
  ["x86-64", "amd64"],
  ["aarch64", "arm64"],
  ["armhf", "arm"],
]);
const VARIANTS: ReadonlyMap<string, string> = new Map([
  ["arm64", "v8"],
  ["arm", "v7"],
]);

/** The ways to name a platform: with its variant, and without. */
export function namesOfPlatform(platform: string): readonly string[] {
  const [os = "", architecture = "", variant] = platform.split("/");
  return variant === undefined ? [platform] : [platform, `${os}/${architecture}`];
}
