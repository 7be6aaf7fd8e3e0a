/** Links that were given away. They must open for ever; a file here is never edited, only added. */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Moment } from './moment.ts';
import type { Scenario } from './scenario.ts';
import { decodeLink } from './url.ts';

interface Exhibit {
  readonly about: string;
  readonly link: string;
  readonly scenario: Scenario;
  readonly moment: Moment;
}

const folder = new URL('./museum/', import.meta.url);
const exhibits = readdirSync(folder)
  .sort()
  .map((file) => [file, JSON.parse(readFileSync(new URL(file, folder), 'utf8')) as Exhibit] as const);

describe('the museum of links', () => {
  it.each(exhibits)('%s opens as it did', (_file, { link, scenario, moment }) => {
    expect(decodeLink(link)).toEqual({ ok: true, value: { scenario, moment } });
  });

  it('is not empty', () => {
    expect(exhibits.length).toBeGreaterThanOrEqual(4);
  });
});
