import { deflateSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import { toBase64url } from '../base/base64url.ts';
import { hash32 } from '../base/rng.ts';
import { DICTIONARY_1 } from './codec-1/dictionary-1.ts';
import { compactScenario } from './compact.ts';
import { DEFAULT_SCENARIO } from './defaults.ts';
import { deflateText } from './deflate.ts';
import { URL_BYTES_MAX, URL_CHARS_MAX } from './limits.ts';
import { BOUTIQUE, SHOP } from './sample-scenarios.ts';
import type { Scenario } from './scenario.ts';
import { decodeLink, encodeLink, type LinkError } from './url.ts';

const link = encodeLink(SHOP, { step: 9 });
const kindOf = (fragment: string): LinkError['kind'] | 'opened' => {
  const opened = decodeLink(fragment);
  return opened.ok ? 'opened' : opened.error.kind;
};

/** A link around bytes of our choosing, with the seal that they need. */
function wrap(deflated: Uint8Array): string {
  const hash = hash32(String.fromCharCode(...deflated));
  return `#1.${toBase64url(Uint8Array.from([hash & 255, (hash >>> 8) & 255, deflated.length & 255, ...deflated]))}`;
}
const wrapText = (text: string): string => wrap(deflateText(text, DICTIONARY_1));

describe('a link', () => {
  it.each<[string, Scenario, number]>([
    ['the first visit', DEFAULT_SCENARIO, 60],
    ['six workloads, four Services, a probe and a fault', SHOP, 450],
    ['fifteen workloads with fifty pods, twelve Services', BOUTIQUE, 950],
  ])('is short and comes back whole: %s', (_what, scenario, chars) => {
    const moment = { step: 17, view: 'rules' };
    const encoded = encodeLink(scenario, moment);
    expect(encoded.length).toBeLessThanOrEqual(chars);
    expect(decodeLink(encoded)).toEqual({ ok: true, value: { scenario: compactScenario(scenario), moment } });
  });

  it('is short also with names that nobody foresaw', () => {
    const events = JSON.parse(
      JSON.stringify(SHOP.events).replaceAll(/storefront|catalogue|checkout|orders/g, (name) => `q${hash32(name)}z`),
    );
    expect(encodeLink({ events }, { step: 17 }).length).toBeLessThanOrEqual(450);
  });

  it('has only signs that no program escapes', () => {
    expect(encodeLink(BOUTIQUE, { step: 0 })).toMatch(/^#1\.[\w-]+$/);
  });

  it.each<[string, string, LinkError['kind'] | 'opened']>([
    ['nothing', '', 'none'],
    ['a bare #', '#', 'none'],
    ['without its #', link.slice(1), 'opened'],
    ['followed by the full stop of a sentence', `${link}.`, 'opened'],
    ['in somebody’s brackets', `${link})`, 'opened'],
    ['an anchor of a page', '#section-2', 'foreign'],
    ['parameters of another program', '#q=1&r=2', 'foreign'],
    ['a newer format', `#2.${link.slice(3)}`, 'newer'],
    ['a format that never was', `#0.${link.slice(3)}`, 'foreign'],
    ['cut in the middle', link.slice(0, 60), 'truncated'],
    ['cut by one sign', link.slice(0, -1), 'truncated'],
    ['cut by four signs', link.slice(0, -4), 'truncated'],
    ['cut to its head', '#1.', 'truncated'],
    ['cut to its format', '#1', 'truncated'],
    ['cut with an ellipsis', `${link.slice(0, 80)}…`, 'truncated'],
    ['one sign changed', `${link.slice(0, 40)}${link[40] === 'a' ? 'b' : 'a'}${link.slice(41)}`, 'altered'],
    ['all in lower case', link.toLowerCase(), 'altered'],
    ['all in upper case', link.toUpperCase(), 'altered'],
    ['longer than any of ours', `#1.${'A'.repeat(URL_CHARS_MAX)}`, 'large'],
    ['whole, but no JSON', wrapText('[1,'), 'altered'],
    ['whole, but of no scenario', wrapText('{}'), 'invalid'],
    ['a document from the future', wrapText('[2]'), 'invalid'],
    ['a kind of object from the future', wrapText('[1,[[99,"x"]]]'), 'invalid'],
    ['a fault from the future', wrapText('[1,[],[],0,"",5,5,[],[[99]]]'), 'invalid'],
    ['a stopped proxy within another', wrapText('[1,[],[],0,"","a/b","c/d",[],[[9,"n",[[],[[9,"n"]]]]]]'), 'invalid'],
    ['a stopped proxy that saw nothing', wrapText('[1,[],[],0,"","a/b","c/d",[],[[9,"n",[]]]]'), 'opened'],
    ['a step before the start', wrapText('[1,[],[],-1]'), 'invalid'],
  ])('%s', (_what, fragment, kind) => {
    expect(kindOf(fragment)).toBe(kind);
  });

  it('says what to do about every error that a person can meet', () => {
    for (const fragment of ['#x', '#2.abc', link.slice(0, 60), link.toLowerCase(), `#1.${'A'.repeat(URL_CHARS_MAX)}`]) {
      const opened = decodeLink(fragment);
      expect(opened).toMatchObject({ ok: false, error: { where: 'link', what: /\.$/, hint: /\.$/ } });
    }
  });

  it.each<[string, Uint8Array]>([
    ['zeros', new Uint8Array(11_000_000)],
    ['text', new Uint8Array(URL_BYTES_MAX + 1).fill(0x20)],
  ])('refuses a bomb of %s', (_what, plain) => {
    const bomb = wrap(deflateSync(plain, { level: 9 }));
    expect(bomb.length).toBeLessThan(URL_CHARS_MAX);
    expect(kindOf(bomb)).toBe('large');
  });

  it('survives JSON that nests deeper than any stack', () => {
    expect(kindOf(wrapText('['.repeat(200_000)))).toBe('altered');
    expect(kindOf(wrapText(`[1,${'['.repeat(50_000)}${']'.repeat(50_000)}]`))).toBe('invalid');
  });
});

it('the dictionary of format 1 is what published links need: never edit it', () => {
  expect([DICTIONARY_1.length, hash32(DICTIONARY_1)]).toEqual([4349, 1_658_419_769]);
});
