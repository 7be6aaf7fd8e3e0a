/**
 * A link is `#<codec>.<base64url>`: two bytes of checksum and one of length, then the deflated document and moment. The codec names the packing
 * and the dictionary; a codec that was published stays for ever, a change is a new one.
 */

import { fromBase64url, toBase64url } from '../base/base64url.ts';
import { err, ok, type Result } from '../base/result.ts';
import { hash32 } from '../base/rng.ts';
import { DICTIONARY_1 } from './codec-1/dictionary-1.ts';
import { packDocument, type Unpacked, unpackDocument } from './codec-1/document.ts';
import { compactScenario } from './compact.ts';
import { decodeMoment, decodeScenario } from './decode.ts';
import { deflateText, inflateText } from './deflate.ts';
import { URL_CHARS_MAX } from './limits.ts';
import type { Moment } from './moment.ts';
import type { Problem } from './problem.ts';
import type { Scenario } from './scenario.ts';

export interface Opened {
  /** Compact. */
  readonly scenario: Scenario;
  readonly moment: Moment;
}

export interface LinkError extends Problem {
  /**
   * `none`: there is no link, nothing needs to be said. `foreign`: not one of ours. `newer`: of a version to come. `truncated`,
   * `altered`: changed on its way. `large`: refused. `invalid`: whole, but it says what cannot be.
   */
  readonly kind: 'none' | 'foreign' | 'newer' | 'truncated' | 'altered' | 'large' | 'invalid';
}

const CODEC = 1;
const SEAL_BYTES = 3;
const COPY_AGAIN = 'Copy the whole link again, or ask for the scenario as a file.';
const RELOAD = 'Reload the page to get the newest Hopscope, then open the link again.';

/** The fragment with its `#`. May be longer than URL_CHARS_SAFE: offer a file then. */
export function encodeLink(scenario: Scenario, moment: Moment): string {
  const deflated = deflateText(JSON.stringify(packDocument(scenario, moment)), DICTIONARY_1);
  const bytes = new Uint8Array(SEAL_BYTES + deflated.length);
  bytes.set(sealOf(deflated));
  bytes.set(deflated, SEAL_BYTES);
  return `#${CODEC}.${toBase64url(bytes)}`;
}

/** `fragment`: what the address bar has from the `#` on, or without it. Never throws. */
export function decodeLink(fragment: string): Result<Opened, LinkError> {
  const link = fragment.replace(/^#/, '');
  if (link === '') return err(linkError('none', 'This address holds no scenario.', ''));
  if (link.length > URL_CHARS_MAX) {
    const what = `The link has ${link.length} characters; ${URL_CHARS_MAX} is the limit.`;
    return err(linkError('large', what, 'Ask for the scenario as a file.'));
  }
  const [, codec = '0', payload = ''] = /^(\d{1,4})(?:\.([\w-]*)|$)/.exec(link) ?? [];
  if (Number(codec) > CODEC) {
    const what = `The link was made by a newer Hopscope (link format ${codec}, this one knows ${CODEC}).`;
    return err(linkError('newer', what, RELOAD));
  }
  if (Number(codec) < 1) {
    return err(linkError('foreign', 'What follows the # in this address is no Hopscope link.', COPY_AGAIN));
  }
  const text = readPayload(payload);
  return text.ok ? readText(text.value) : text;
}

function readPayload(payload: string): Result<string, LinkError> {
  const bytes = fromBase64url(payload);
  if (!bytes || bytes.length <= SEAL_BYTES) return err(truncated());
  const deflated = bytes.subarray(SEAL_BYTES);
  const seal = sealOf(deflated);
  const inflated = inflateText(deflated, DICTIONARY_1);
  if ('text' in inflated) return seal.every((byte, i) => byte === bytes[i]) ? ok(inflated.text) : err(altered());
  if (inflated.failure === 'large')
    return err(linkError('large', 'The link unfolds to more than Hopscope opens.', 'Ask for the scenario as a file.'));
  const hasLostItsEnd = inflated.failure === 'truncated' && seal[2] !== bytes[2];
  return err(hasLostItsEnd ? truncated() : altered());
}

function readText(text: string): Result<Opened, LinkError> {
  const unpacked = parse(text);
  if (!unpacked) return err(altered());
  const scenario = decodeScenario(unpacked.document);
  const moment = decodeMoment(unpacked.moment);
  if (scenario.ok && moment.ok) return ok({ scenario: compactScenario(scenario.value), moment: moment.value });
  const [first] = [...(scenario.ok ? [] : scenario.error), ...(moment.ok ? [] : moment.error)];
  // Whole as it was sent, so most likely right for another version.
  return err(linkError('invalid', `The link says what this version cannot open: ${first?.what ?? ''}`, RELOAD));
}

function parse(text: string): Unpacked | null {
  try {
    return unpackDocument(JSON.parse(text));
  } catch {
    return null;
  }
}

/** Against accidents on the way, not against intent. The length tells a link that was cut from one that was changed. */
function sealOf(deflated: Uint8Array): readonly [number, number, number] {
  let binary = '';
  for (const byte of deflated) binary += String.fromCharCode(byte);
  const hash = hash32(binary);
  return [hash & 255, (hash >>> 8) & 255, deflated.length & 255];
}

const linkError = (kind: LinkError['kind'], what: string, hint: string): LinkError => ({
  kind,
  where: 'link',
  what,
  hint,
});

const truncated = (): LinkError =>
  linkError('truncated', 'The end of the link is missing: a program on the way has cut it.', COPY_AGAIN);

const altered = (): LinkError =>
  linkError('altered', 'The link was changed on its way and cannot be read.', COPY_AGAIN);
