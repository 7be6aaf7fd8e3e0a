import { deflateSync, Inflate } from 'fflate';
import { URL_BYTES_MAX } from './limits.ts';

/** A slice of so few bytes cannot become more than 264 KB (deflate makes at most 1,032 of one): a bomb is refused in time. */
const SLICE_BYTES = 256;

const toBytes = (text: string): Uint8Array => new TextEncoder().encode(text);

/** Deflate (RFC 1951) at level 9 with a dictionary that both sides know. */
export function deflateText(text: string, dictionary: string): Uint8Array {
  return deflateSync(toBytes(text), { level: 9, dictionary: toBytes(dictionary) });
}

export type Inflated =
  | { readonly text: string }
  /** `truncated`: it ends too early. `broken`: it is no deflate stream of UTF-8. `large`: more than URL_BYTES_MAX. */
  | { readonly failure: 'truncated' | 'broken' | 'large' };

/**
 * The inverse, for bytes from anywhere. fflate's `inflateSync({ out })` does not stop at the end of `out`: it does all the work and
 * cuts. So this one feeds slices and stops by itself.
 */
export function inflateText(bytes: Uint8Array, dictionary: string): Inflated {
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  const stream = new Inflate({ dictionary: toBytes(dictionary) }, (chunk) => {
    chunks.push(chunk);
    sizeBytes += chunk.length;
  });
  try {
    for (let at = 0; at < bytes.length; at += SLICE_BYTES) {
      const slice = bytes.subarray(at, at + SLICE_BYTES);
      stream.push(slice, at + SLICE_BYTES >= bytes.length);
      if (sizeBytes > URL_BYTES_MAX) return { failure: 'large' };
    }
    return { text: new TextDecoder('utf-8', { fatal: true }).decode(join(chunks, sizeBytes)) };
  } catch (thrown) {
    return { failure: isUnexpectedEnd(thrown) ? 'truncated' : 'broken' };
  }
}

const isUnexpectedEnd = (thrown: unknown): boolean => thrown instanceof Error && thrown.message === 'unexpected EOF';

function join(chunks: readonly Uint8Array[], sizeBytes: number): Uint8Array {
  const joined = new Uint8Array(sizeBytes);
  let at = 0;
  for (const chunk of chunks) {
    joined.set(chunk, at);
    at += chunk.length;
  }
  return joined;
}
