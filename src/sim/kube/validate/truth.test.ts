/** Objects of Kubernetes' own unit tests, with what the API server's validation code (v1.28.7) said of them. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { FieldError } from './field-error.ts';
import { validateMeta } from './meta.ts';
import { dnsLabel } from './names.ts';
import { validatePod } from './pod.ts';
import { validateService } from './service.ts';

const folder = join(dirname(fileURLToPath(import.meta.url)), '../../../../../shared/truth/netpol/k8s-validation');

interface Case {
  readonly file: string;
  readonly name: string;
  readonly object: { readonly metadata?: object; readonly spec?: object };
  readonly texts: readonly string[];
}

const validators: Readonly<Record<string, (object: Case['object']) => readonly FieldError[]>> = {
  service: validateService,
  pod: validatePod,
  namespace: ({ metadata = {} }) => validateMeta(metadata, dnsLabel, false),
};

/** Cases whose error stands in a field that is listed on import as not modelled, so it is not checked either. */
const outOfScope: readonly { readonly reason: string; readonly field: RegExp }[] = [
  { reason: 'annotations', field: /^metadata\.annotations/ },
  { reason: 'load balancer classes', field: /^spec\.loadBalancerClass/ },
  { reason: 'placement rules', field: /^spec\.(affinity|tolerations)/ },
  { reason: 'security contexts', field: /\.securityContext\./ },
  { reason: 'volumes', field: /^spec\.volumes/ },
  { reason: 'resources of containers', field: /^spec\.(initContainers|containers)\[\d+\]\.resources/ },
  { reason: 'messages at the end of containers', field: /\.terminationMessagePolicy:/ },
];

const reasonOf = (text: string): string | undefined => outOfScope.find(({ field }) => field.test(text))?.reason;

function readCases(): readonly Case[] {
  return readdirSync(folder)
    .filter((file) => Object.hasOwn(validators, file.replace(/-\d+\.json$/, '')))
    .map((file) => {
      const { name, object, errors } = JSON.parse(readFileSync(join(folder, file), 'utf8'));
      return { file, name, object, texts: errors.map((error: { Text: string }) => error.Text) };
    });
}

const cases = existsSync(folder) ? readCases() : [];
const inScope = cases.filter(({ texts }) => texts.length === 0 || texts.some((text) => reasonOf(text) === undefined));

describe.skipIf(cases.length === 0)(
  'the API server and we say the same (skipped where the recorded cases are not here)',
  () => {
    it.each(inScope.map((one) => [`${one.file} ${one.name}`, one] as const))('%s', (_name, { file, object, texts }) => {
      const validate = validators[file.replace(/-\d+\.json$/, '')]!;
      expect(validate(object).map(({ text }) => text)).toEqual(texts.filter((text) => reasonOf(text) === undefined));
    });

    it('leaves out only what it names', () => {
      const left = cases.filter((one) => !inScope.includes(one));
      const counts = new Map<string, number>();
      for (const { texts } of left) {
        const reason = reasonOf(texts[0] ?? '') ?? 'none';
        counts.set(reason, (counts.get(reason) ?? 0) + 1);
      }
      expect(Object.fromEntries(counts)).toMatchInlineSnapshot(`
        {
          "annotations": 9,
          "load balancer classes": 1,
          "messages at the end of containers": 4,
          "placement rules": 12,
          "volumes": 2,
        }
      `);
    });
  },
);
