import { sign, type KeyObject } from "node:crypto";

const ECDSA_WITH_SHA256 = [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02];
const COMMON_NAME = [0x55, 0x04, 0x03];

function der(tag: number, ...parts: readonly (Uint8Array | readonly number[])[]): Buffer {
  const content = Buffer.concat(parts.map((part) => Buffer.from(part)));
  const { length } = content;
  const size = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...size]), content]);
}

/** A certificate that a P-256 key signed for itself (RFC 5280 §4.1), in PEM: what docker-registry wants to know the keys of token servers by. */
export function selfSignedCertificate(name: string, privateKey: KeyObject, publicKey: KeyObject): string {
  const algorithm = der(0x30, der(0x06, ECDSA_WITH_SHA256));
  const subject = der(0x30, der(0x31, der(0x30, der(0x06, COMMON_NAME), der(0x0c, Buffer.from(name)))));
  const validity = der(0x30, der(0x17, Buffer.from("200101000000Z")), der(0x17, Buffer.from("491231235959Z")));
  const version = der(0xa0, der(0x02, [2]));
  const key = publicKey.export({ type: "spki", format: "der" });
  const content = der(0x30, version, der(0x02, [1]), algorithm, subject, validity, subject, key);
  const certificate = der(0x30, content, algorithm, der(0x03, [0], sign("sha256", content, privateKey)));
  return `-----BEGIN CERTIFICATE-----\n${certificate.toString("base64").replaceAll(/.{64}/g, "$&\n")}\n-----END CERTIFICATE-----\n`;
}
