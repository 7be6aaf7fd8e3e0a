import { sha256 } from '@noble/hashes/sha2.js';
import { utf8ToBytes } from '@noble/hashes/utils.js';

/** RFC 4648 section 6. */
const BASE32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
const HASH_LETTERS = 16;

/** Names of Services and endpoints come back for every node and after every turned knob: hashing them again is most of a sync. */
const known = new Map<string, string>();
const KNOWN_MAX = 100_000;

/** First 16 base32 letters of the SHA-256 of a text: 80 bits (proxier.go `portProtoHash`, v1.33). */
export function hashName(text: string): string {
  const before = known.get(text);
  if (before !== undefined) return before;
  if (known.size >= KNOWN_MAX) known.clear();
  const name = hash(text);
  known.set(text, name);
  return name;
}

function hash(text: string): string {
  const bytes = sha256(utf8ToBytes(text));
  let letters = '';
  let bits = 0;
  let held = 0;
  for (const byte of bytes) {
    bits = (bits << 8) | byte;
    held += 8;
    while (held >= 5) {
      held -= 5;
      letters += BASE32[(bits >>> held) & 31];
      if (letters.length === HASH_LETTERS) return letters;
    }
    bits &= (1 << held) - 1;
  }
  return letters;
}

/** The chains of one service port share one hash. */
export interface ServiceChains {
  /** Every usable endpoint. */
  readonly svc: string;
  /** Endpoints on this node. */
  readonly svl: string;
  /** What comes to an external address. */
  readonly ext: string;
  /** Source ranges of a load balancer. */
  readonly fw: string;
}

/** `protocol` in lower case, as kube-proxy hashes it. */
export function serviceChains(servicePortName: string, protocol: string): ServiceChains {
  const hash = hashName(servicePortName + protocol);
  return { svc: `KUBE-SVC-${hash}`, svl: `KUBE-SVL-${hash}`, ext: `KUBE-EXT-${hash}`, fw: `KUBE-FW-${hash}` };
}

/** `endpoint` is `ip:port`, or `[ip]:port` for IPv6. */
export function endpointChain(servicePortName: string, protocol: string, endpoint: string): string {
  return `KUBE-SEP-${hashName(servicePortName + protocol + endpoint)}`;
}
